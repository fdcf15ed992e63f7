package admin

import (
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
)

func TestClockOffset_IsThatOfTheMiddleOfTheQuestion(t *testing.T) {
	at := func(millis int64) time.Time { return time.UnixMilli(millis) }
	reports := map[string]api.Node{"B": {TimeMillis: 12_020}, "C": {TimeMillis: 0}}
	got := offsetsOf(reports, map[string]middle{"B": middleOf(at(10_000), at(10_040)), "C": middleOf(at(1), at(2))}, time.Second)
	if want := (clockOffset{ahead: time.Second, within: 21 * time.Millisecond}); len(got) != 1 || got["B"] != want {
		t.Errorf("%+v, want %+v of B alone", got, want)
	}
}
