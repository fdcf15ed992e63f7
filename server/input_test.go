package server

import (
	"testing"

	"github.com/quorate/quorate/server/limits"
)

func newInput(most int64) *input {
	l := new(limits.Limits)
	l.Input.Store(most)
	l.Buffered.Store(most)
	return &input{limits: l, budget: limits.NewBudget(l)}
}

// TestInput_LargeCommand_IsCopiedNoMoreOnceItHasBegun lets a command arrive in small pieces.
func TestInput_LargeCommand_IsCopiedNoMoreOnceItHasBegun(t *testing.T) {
	const whole, piece = 200 << 20, 64 << 10
	in := newInput(1 << 30)
	room, moved := 0, 0
	for in.end < whole {
		if err := in.makeRoom(whole - in.end); err != nil {
			t.Fatal(err)
		}
		if len(in.buf) != room {
			room, moved = len(in.buf), moved+in.end
		}
		if in.end < inputTrusted && len(in.buf) > 2*inputTrusted {
			t.Fatalf("%d bytes have arrived, and there is room for %d", in.end, len(in.buf))
		}
		in.end = min(len(in.buf), in.end+piece)
	}
	if len(in.buf) != whole || in.charged != whole-inputBase {
		t.Errorf("room for %d bytes, %d charged; want %d", len(in.buf), in.charged, whole)
	}
	if moved > 4*inputTrusted {
		t.Errorf("%d bytes were copied", moved)
	}
	if in.release(); in.budget.Used() != 0 {
		t.Errorf("%d bytes were not given back", in.budget.Used())
	}
}

func TestInput_LargerThanTheLimits_IsRefused(t *testing.T) {
	in := newInput(8 << 20)
	for in.end < 4<<20 {
		if err := in.makeRoom(100<<20 - in.end); err != nil {
			t.Fatalf("after %d bytes: %v", in.end, err)
		}
		in.end = len(in.buf)
	}
	for err := error(nil); err == nil; in.end = len(in.buf) {
		if err = in.makeRoom(100<<20 - in.end); err != nil && (err != errQueryTooBig || in.end > 8<<20) {
			t.Errorf("after %d bytes: %v, want %v", in.end, err, errQueryTooBig)
		}
	}
}
