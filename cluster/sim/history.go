package sim

import "github.com/quorate/quorate/cluster/core/causal"

// history is every request of every client.
type history struct {
	ops     []*op
	byValue map[string]*op // those that set
	dots    map[keyDot]string
	ids     map[string]string // of entries of streams, after their keys: their values
}

type keyDot struct {
	key string
	dot causal.Dot
}

func (h *history) add(o *op) {
	o.id = len(h.ops)
	h.ops = append(h.ops, o)
	if o.value != "" {
		if h.byValue == nil {
			h.byValue = make(map[string]*op)
		}
		h.byValue[o.value] = o
	}
}

// acknowledged counts the writes that their clients know of.
func (h *history) acknowledged() (n int) {
	for _, o := range h.ops {
		if o.action != actionGet && o.outcome == succeeded {
			n++
		}
	}
	return n
}
