package push

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

func TestMailbox_SlowReader_LosesMessagesAndIsToldHowMany(t *testing.T) {
	m := NewMonitor()
	line := []byte(strings.Repeat("x", 1000))
	for range 2 * monitorBehind / len(line) {
		m.Put(line)
	}
	pending, _ := m.take()
	got := string(pending)
	if len(got) > monitorBehind+200 || !strings.HasSuffix(got, "x+1049 commands are not shown: this client reads too slowly\r\n") {
		t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-100):])
	}
	if again, _ := m.take(); len(again) > 0 {
		t.Errorf("%d bytes twice", len(again))
	}
	m.Put([]byte("after"))
	if pending, _ := m.take(); string(pending) != "after" {
		t.Errorf("after the overflow: %q", pending)
	}
}

// lock is a mutex that synctest knows to be waited for.
type lock chan struct{}

func (l lock) Lock()   { l <- struct{}{} }
func (l lock) Unlock() { <-l }

func TestMailbox_Deliver_SendsNothingInsideAReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMonitor()
		sending := make(lock, 1)
		var got []string
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			m.Deliver(sending, func(p []byte) error { got = append(got, string(p)); return nil })
		}()
		sending.Lock()
		m.Put([]byte("a"))
		m.Put([]byte("b"))
		synctest.Wait()
		if len(got) > 0 {
			t.Errorf("%q was sent inside a reply", got)
		}
		sending.Unlock()
		synctest.Wait()
		sending.Lock()
		m.Put([]byte("dropped"))
		m.Close()
		sending.Unlock()
		<-ended
		if strings.Join(got, "|") != "ab" {
			t.Errorf("delivered %q", got)
		}
	})
}

func TestMailbox_Deliver_EndsWithTheConnection(t *testing.T) {
	m := NewMonitor()
	m.Put([]byte("a"))
	m.Deliver(new(sync.Mutex), func([]byte) error { return errors.New("closed") })
}

func TestGroup_Publish_ReachesItsMembersOnly(t *testing.T) {
	var g Group
	a, b := NewMonitor(), NewMonitor()
	g.Add(a)
	g.Add(b)
	g.Publish([]byte("1"))
	g.Remove(a)
	g.Publish([]byte("2"))
	inA, _ := a.take()
	inB, _ := b.take()
	if string(inA) != "1" || string(inB) != "12" || g.Empty() {
		t.Errorf("%q and %q", inA, inB)
	}
	g.Remove(b)
	if !g.Empty() {
		t.Error("not empty")
	}
}

// A small message may fit behind a larger one that did not. It is dropped all the same: the
// reader would take it for what came before the gap.
func TestMailbox_SmallMessageAfterADroppedOne_IsDroppedToo(t *testing.T) {
	m := NewMailbox(10, func(dst []byte, dropped int) []byte { return fmt.Appendf(dst, "(%d dropped)", dropped) })
	for _, message := range []string{"12345678", "abcd", "e"} {
		m.Put([]byte(message))
	}
	if pending, _ := m.take(); string(pending) != "12345678(2 dropped)" {
		t.Errorf("delivered %q", pending)
	}
}
