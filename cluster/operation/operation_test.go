package operation

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func only(t *testing.T, r *Registry) Status {
	t.Helper()
	list := r.List()
	if len(list) != 1 {
		t.Fatalf("%d operations are listed, want 1: %+v", len(list), list)
	}
	return list[0]
}

func TestRegistry_Run_EndsWithWhatTheWorkReturned(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		err  error
		want State
	}{
		"success":         {nil, Done},
		"failure":         {broken, Failed},
		"context ended":   {context.Canceled, Cancelled},
		"deadline passed": {context.DeadlineExceeded, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRegistry(Config{})
			err := r.Run(t.Context(), Sync, "all members", func(context.Context, *Operation) error {
				if got := only(t, r).State; got != Running {
					t.Errorf("while it works it is %s, want %s", got, Running)
				}
				return c.err
			})
			if !errors.Is(err, c.err) {
				t.Errorf("Run returned %v, want %v", err, c.err)
			}
			status := only(t, r)
			if status.State != c.want {
				t.Errorf("state %s, want %s", status.State, c.want)
			}
			if !errors.Is(status.Err, c.err) {
				t.Errorf("error %v, want %v", status.Err, c.err)
			}
			if status.Ended.IsZero() {
				t.Error("an operation that ended has no time of its end")
			}
		})
	}
}

func TestRegistry_Cancel_StopsTheWorkAndWaitSeesItEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Config{})
		result := make(chan error, 1)
		go func() {
			result <- r.Run(t.Context(), Sync, "B", func(ctx context.Context, _ *Operation) error {
				<-ctx.Done()
				if cause := context.Cause(ctx); !errors.Is(cause, ErrCancelled) {
					t.Errorf("the context ended by %v, want %v", cause, ErrCancelled)
				}
				time.Sleep(time.Second) // what is under way comes to its end
				return ctx.Err()
			})
		}()
		synctest.Wait()
		start := time.Now()
		if err := r.Cancel(1); err != nil {
			t.Fatal(err)
		}
		if got := only(t, r).State; got != Running {
			t.Errorf("before its work has stopped it is %s, want %s", got, Running)
		}
		status, err := r.Wait(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if status.State != Cancelled {
			t.Errorf("state %s, want %s", status.State, Cancelled)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("Wait took %v, want 1s", waited)
		}
		if err := <-result; !errors.Is(err, ErrCancelled) {
			t.Errorf("Run returned %v, want %v", err, ErrCancelled)
		}
		if err := r.Cancel(1); !errors.Is(err, ErrEnded) {
			t.Errorf("a second Cancel returned %v, want %v", err, ErrEnded)
		}
	})
}

func TestRegistry_Cancel_BetweenTwoAttempts_EndsTheNextOne(t *testing.T) {
	r := NewRegistry(Config{})
	o := r.Begin(Gain, "4 partitions")
	_, release := o.Bind(t.Context())
	release()
	if err := r.Cancel(o.status.ID); err != nil {
		t.Fatal(err)
	}
	ctx, release := o.Bind(t.Context())
	defer release()
	if cause := context.Cause(ctx); !errors.Is(cause, ErrCancelled) {
		t.Errorf("the context of the next attempt ended by %v, want %v", cause, ErrCancelled)
	}
	o.End(ctx.Err())
	if got := only(t, r).State; got != Cancelled {
		t.Errorf("state %s, want %s", got, Cancelled)
	}
}

func TestRegistry_WaitAndCancel_UnknownOperation_SaySo(t *testing.T) {
	r := NewRegistry(Config{})
	if err := r.Cancel(7); !errors.Is(err, ErrUnknown) {
		t.Errorf("Cancel returned %v, want %v", err, ErrUnknown)
	}
	if _, err := r.Wait(t.Context(), 7); !errors.Is(err, ErrUnknown) {
		t.Errorf("Wait returned %v, want %v", err, ErrUnknown)
	}
}

func TestRegistry_Wait_ContextEnds_ReturnsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Config{})
		o := r.Begin(Release, "1 partition")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		status, err := r.Wait(ctx, o.status.ID)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait returned %v, want %v", err, context.DeadlineExceeded)
		}
		if status.State != Running {
			t.Errorf("state %s, want %s", status.State, Running)
		}
	})
}

func TestRegistry_ManyEnded_KeepsTheNewestAndAllThatRun(t *testing.T) {
	r := NewRegistry(Config{Keep: 3})
	running := r.Begin(Gain, "first")
	for range 10 {
		r.Begin(Sync, "all members").End(nil)
	}
	var ids []ID
	for _, s := range r.List() {
		ids = append(ids, s.ID)
	}
	want := []ID{11, 10, 9, running.status.ID}
	if len(ids) != len(want) {
		t.Fatalf("kept %v, want %v", ids, want)
	}
	for i := range want {
		if ids[i] != want[i] {
			t.Fatalf("kept %v, want %v", ids, want)
		}
	}
}

func TestOperation_Rate_IsThatOfTheLastSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Config{})
		o := r.Begin(Gain, "2 partitions")
		carry := func(bytes int64, seconds int) {
			for range seconds {
				time.Sleep(time.Second)
				o.Update(func(p *Progress) { p.Bytes.Done += bytes })
			}
		}
		carry(1000, 10)
		if got := only(t, r).BytesPerSecond; got != 1000 {
			t.Errorf("%v bytes per second, want 1000", got)
		}
		carry(10, 10)
		if got := only(t, r).BytesPerSecond; got != 10 {
			t.Errorf("%v bytes per second after it slowed down, want 10", got)
		}
		time.Sleep(time.Minute)
		if got := only(t, r).BytesPerSecond; got != 0 {
			t.Errorf("%v bytes per second while it stands still, want 0", got)
		}
		time.Sleep(21 * time.Second)
		o.End(nil)
		if got := only(t, r).BytesPerSecond; got != 100 {
			t.Errorf("%v bytes per second on average, want 100", got)
		}
	})
}

func TestOperation_Left_IsKnownWhenSomeIsDoneAndWhileItRuns(t *testing.T) {
	for _, test := range []struct {
		amount Amount
		want   time.Duration
	}{
		{Amount{}, 0}, {Amount{0, 60}, 0}, {Amount{10, 60}, 50 * time.Second}, {Amount{40, 60}, 5 * time.Second},
		{Amount{60, 60}, 0}, {Amount{5, 0}, 0}, {Amount{7, 5}, 0},
	} {
		for _, p := range []Progress{{Partitions: test.amount}, {Keys: test.amount}, {Partitions: test.amount, Keys: Amount{Done: 1, Total: 1}}} {
			if p.Partitions.Total == 0 && p.Keys.Total == 1 {
				continue // it counts keys
			}
			if got := left(p, 10*time.Second); got != test.want {
				t.Errorf("%+v in 10 s: %v left, want %v", p, got, test.want)
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Config{})
		o := r.Begin(Gain, "partitions")
		o.Update(func(p *Progress) { p.Partitions = Amount{Done: 1, Total: 4} })
		time.Sleep(time.Minute)
		if got := only(t, r).Left; got != 3*time.Minute {
			t.Errorf("one of four is done in a minute: %v left", got)
		}
		if o.End(errors.New("broken")); only(t, r).Left != 0 {
			t.Errorf("it has ended, and takes %v more", only(t, r).Left)
		}
	})
}

func TestOperation_Attempted_ShowsTheErrorWhileTheWorkGoesOn(t *testing.T) {
	r := NewRegistry(Config{})
	o := r.Begin(Gain, "1 partition")
	silent := errors.New("B does not answer")
	o.Attempted(silent)
	if status := only(t, r); status.State != Running || !errors.Is(status.Err, silent) {
		t.Errorf("state %s, error %v; want %s, %v", status.State, status.Err, Running, silent)
	}
	o.Attempted(nil)
	if err := only(t, r).Err; err != nil {
		t.Errorf("error %v after an attempt that went well", err)
	}
}

func TestOperation_End_OnlyTheFirstCounts(t *testing.T) {
	r := NewRegistry(Config{})
	o := r.Begin(Gain, "1 partition")
	o.Supersede(errors.New("the ring changed"))
	o.End(nil)
	o.Update(func(p *Progress) { p.Keys.Done = 1 })
	if status := only(t, r); status.State != Cancelled || status.Keys.Done != 0 {
		t.Errorf("state %s, %d keys; want %s, 0", status.State, status.Keys.Done, Cancelled)
	}
}

func TestRegistry_ManyAtOnce_LosesNothing(t *testing.T) {
	const owners, updates = 8, 200
	r := NewRegistry(Config{Keep: owners})
	var wg sync.WaitGroup
	for range owners {
		wg.Go(func() {
			_ = r.Run(t.Context(), Sync, "all members", func(_ context.Context, o *Operation) error {
				var workers sync.WaitGroup
				for range 2 {
					workers.Go(func() {
						for range updates {
							o.Update(func(p *Progress) { p.Keys.Done++ })
							r.List()
						}
					})
				}
				workers.Wait()
				return nil
			})
		})
	}
	wg.Wait()
	list := r.List()
	if len(list) != owners {
		t.Fatalf("%d operations, want %d", len(list), owners)
	}
	for _, s := range list {
		if s.Keys.Done != 2*updates {
			t.Errorf("operation %d counted %d keys, want %d", s.ID, s.Keys.Done, 2*updates)
		}
	}
}
