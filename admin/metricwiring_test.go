package admin

import (
	"reflect"
	"testing"

	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
)

// assignNumbers gives every number below a struct a value of its own, and notes its path by the
// value.
func assignNumbers(v reflect.Value, path string, paths map[int64]string) {
	next := int64(len(paths) + 1)
	if counter, ok := v.Addr().Interface().(interface{ Store(int64) }); ok {
		counter.Store(next)
		paths[next] = path
		return
	}
	if counter, ok := v.Addr().Interface().(interface{ Store(uint64) }); ok {
		counter.Store(uint64(next))
		paths[next] = path
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				assignNumbers(v.Field(i), path+"."+v.Type().Field(i).Name, paths)
			}
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(next)
		paths[next] = path
	}
}

// Each metric reads a number of its own: a row that was copied from another one and not
// changed would read the same number.
func TestMetrics_Each_ReadsItsOwnNumber(t *testing.T) {
	s := &sample{replica: new(replica.Counters), peer: new(peer.Counters)}
	paths := make(map[int64]string)
	assignNumbers(reflect.ValueOf(s.replica).Elem(), "replica", paths)
	assignNumbers(reflect.ValueOf(s.peer).Elem(), "peer", paths)
	assignNumbers(reflect.ValueOf(&s.exchanges).Elem(), "exchanges", paths)
	assignNumbers(reflect.ValueOf(&s.repair).Elem(), "repair", paths)
	assignNumbers(reflect.ValueOf(&s.store).Elem(), "store", paths)
	assignNumbers(reflect.ValueOf(&s.tracing).Elem(), "tracing", paths)
	assignNumbers(reflect.ValueOf(&s.readOnly).Elem(), "readOnly", paths)
	assignNumbers(reflect.ValueOf(&s.clients).Elem(), "clients", paths)
	assignNumbers(reflect.ValueOf(&s.paused).Elem(), "paused", paths)
	wired, by := make(map[string]string), make(map[string]string)
	for _, m := range metrics {
		path, known := paths[m.read(s)]
		if !known {
			t.Fatalf("%s reads %d, which is no number of the sample", m.name, m.read(s))
		}
		if other, twice := by[path]; twice {
			t.Errorf("%s and %s both read %s", other, m.name, path)
		}
		by[path], wired[m.name] = m.name, path
	}
	for name, want := range map[string]string{ // those that are confused most easily
		"quorate_hints_stored_total": "store.HintsStored", "quorate_late_hints_total": "replica.HintsStored",
		"quorate_hints_refused_total": "store.HintsRefused", "quorate_hints_expired_total": "store.HintsExpired", "quorate_hints_dropped_total": "replica.HintsDropped",
		"quorate_hints_delivered_total": "repair.Hints.Delivered", "quorate_hint_delivery_failures_total": "repair.Hints.Failures",
		"quorate_transfer_gaining_partitions": "repair.Transfers.Gaining", "quorate_transfer_copied_partitions": "repair.Transfers.Copied", "quorate_transfer_releasing_partitions": "repair.Transfers.Releasing",
		"quorate_reaped_bytes_total": "store.DeadFreed", "quorate_dead_keys": "store.Dead",
		"quorate_reaped_total": "store.Reaped", "quorate_reap_agreed_total": "repair.Reaping.Reaped", "quorate_reap_pending_keys": "repair.Reaping.Pending",
		"quorate_tracing_spans_exported_total": "tracing.Exported", "quorate_tracing_spans_failed_total": "tracing.Failed",
		"quorate_reads_total": "replica.Reads", "quorate_store_reads_total": "store.Reads",
	} {
		if got := wired[name]; got != want {
			t.Errorf("%s reads %s, want %s", name, got, want)
		}
	}
}
