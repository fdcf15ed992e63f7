package admin

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
)

// dataHandlers reads, writes and lists keys.
type dataHandlers struct{ *backend }

// pageTime is the time after which a page ends with the keys that it has found.
const pageTime = 500 * time.Millisecond

// getKeys lists keys by page. A page may be short, even empty, before the end.
func (h *dataHandlers) getKeys(ctx context.Context, c *call) (any, error) {
	cursor, err := strconv.ParseUint("0"+c.text("cursor"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: cursor is %.40q, want the one of the page before", errBadRequest, c.text("cursor"))
	}
	page, count := api.KeyPage{Keys: []api.Key{}}, c.number("count")
	for began := time.Now(); ; {
		var keys [][]byte
		if keys, cursor, err = c.node.ScanKeys(ctx, cursor, count-len(page.Keys)); err != nil {
			return nil, err
		}
		for _, key := range keys {
			if !c.has("match") || glob.Pattern(c.text("match")).Match(key) {
				page.Keys = append(page.Keys, keyOf(key))
			}
		}
		if cursor == 0 || len(page.Keys) >= count || time.Since(began) > pageTime {
			page.Cursor = strconv.FormatUint(cursor, 10)
			return page, nil
		}
	}
}

func (h *dataHandlers) getData(ctx context.Context, c *call) (any, error) {
	if err := c.quorum("r"); err != nil {
		return nil, err
	}
	key := c.key()
	request := &replica.Request{Key: key, R: c.number("r"), Trace: new(replica.Trace)}
	c.node.Coordinator.Do(ctx, []*replica.Request{request})
	names := namesIn(c.node, request)
	trace := traceOf("get", key, request.Trace, names)
	if request.Err != nil {
		return nil, &tracedError{err: request.Err, trace: trace}
	}
	now := h.cfg.Now().UnixMilli()
	stored := &request.Object
	found := api.ReadAnswer{
		Key: keyOf(key), Found: stored.Live(now), Values: []api.Value{}, Siblings: []api.Sibling{},
		Clock: names.clock(stored.Clock), Trace: trace,
	}
	found.ClockText = found.Clock.String()
	if len(stored.Clock) > 0 {
		found.Context = string(causal.ContextTokensOf(key).Append(nil, stored.Context()))
	}
	shown, err := register.Choose(stored, c.node.Settings.Policy(), now)
	if err == nil && shown.Found && shown.Kind == 0 {
		resolved := valueOf(shown.Value.Data)
		found.Resolved = &resolved
	}
	listElements(&found, stored, shown, now, names)
	for i := range stored.Siblings {
		sibling := &stored.Siblings[i]
		found.Siblings = append(found.Siblings, siblingOf(sibling, names))
		if sibling.Live(now) {
			found.Values = append(found.Values, valueOf(sibling.Data))
		}
	}
	if !found.Found {
		return answered{http.StatusNotFound, found}, nil
	}
	return found, nil
}

func siblingOf(s *object.Sibling, names *actors) api.Sibling {
	out := api.Sibling{
		Value: valueOf(s.Data), Tombstone: s.Tombstone, Stripped: s.Stripped, Dot: names.event(s.Dot), TimestampMillis: s.Time.UnixMilli(),
	}
	out.DotText = out.Dot.String()
	if s.Expiry != 0 {
		out.ExpiresAtMillis = &s.Expiry
	}
	return out
}

// namesIn returns names for every actor in a request's result.
func namesIn(node Node, r *replica.Request) *actors {
	names := newActors(node.Ring())
	names.see(r.Object.Clock, r.Result.Context.Vector)
	if r.Result.Dot != (causal.Dot{}) {
		names.seeDot(r.Result.Dot)
	}
	for i := range r.Object.Siblings {
		names.seeDot(r.Object.Siblings[i].Dot)
	}
	for i := range r.Object.Elements {
		names.seeDot(r.Object.Elements[i].Dot)
	}
	for i := range r.Trace.Steps {
		names.see(r.Trace.Steps[i].Clock)
	}
	return names
}

// quorum checks a parameter r or w against the cluster's N.
func (c *call) quorum(name string) error {
	if n := c.node.Ring().Configured().N; c.text(name) != "" && c.number(name) > n {
		return fmt.Errorf("%w: %s is %d, want 1 to n, which is %d", errBadRequest, name, c.number(name), n)
	}
	return nil
}

func (h *dataHandlers) putData(ctx context.Context, c *call) (any, error) {
	want, data, err := c.wanted()
	if err != nil {
		return nil, err
	}
	u := &register.Update{Kind: register.Set, Data: data}
	if want.TTLMillis > 0 {
		u.Expiry = h.cfg.Now().UnixMilli() + want.TTLMillis
	}
	r, names, trace, err := c.write(ctx, "set", u, want)
	if err != nil {
		return nil, err
	}
	out := api.WriteAnswer{Key: keyOf(r.Key), Dot: names.event(r.Result.Dot), Clock: names.clock(clockAfter(r)), Trace: trace}
	out.DotText, out.ClockText = out.Dot.String(), out.Clock.String()
	out.Context = contextAfter(r)
	return out, nil
}

// maxTTLMillis is a hundred years. A longer time to live is taken for a mistake.
const maxTTLMillis = 100 * 366 * 24 * 3600 * 1000

// wanted reads the value to write and its settings: a JSON body has both; else the body
// is the value. A setting in the query replaces the one in the body.
func (c *call) wanted() (want api.WriteRequest, data []byte, err error) {
	if kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")); kind == "application/json" {
		if err := c.json(&want); err != nil {
			return want, nil, err
		}
		data, err = decodeText(want.Value, want.Encoding)
	} else {
		data, err = io.ReadAll(c.Body)
	}
	if err != nil {
		return want, nil, err
	}
	if c.has("context") {
		token := c.text("context")
		want.Context = &token
	}
	if c.has("w") {
		want.W = c.number("w")
	}
	if c.has("ttl_ms") {
		want.TTLMillis = int64(c.number("ttl_ms"))
	}
	if n := c.node.Ring().Configured().N; want.W < 0 || want.W > n {
		return want, nil, fmt.Errorf("%w: w is %d, want 1 to n, which is %d", errBadRequest, want.W, n)
	}
	if want.TTLMillis < 0 || want.TTLMillis > maxTTLMillis {
		return want, nil, fmt.Errorf("%w: ttl_ms is %d, want 1 to %d", errBadRequest, want.TTLMillis, int64(maxTTLMillis))
	}
	return want, data, nil
}

// write carries out an update and traces it.
func (c *call) write(ctx context.Context, op string, u *register.Update, want api.WriteRequest) (*replica.Request, *actors, *api.Trace, error) {
	key := c.key()
	if want.Context != nil {
		var err error
		if u.Context, err = causal.ContextTokensOf(key).Parse([]byte(*want.Context)); err != nil {
			return nil, nil, nil, err
		}
		u.HasContext = true
	}
	r := &replica.Request{Key: key, Update: u, W: want.W, Trace: new(replica.Trace)}
	c.node.Coordinator.Do(ctx, []*replica.Request{r})
	names := namesIn(c.node, r)
	trace := traceOf(op, key, r.Trace, names)
	if r.Err != nil {
		return nil, nil, nil, &tracedError{err: r.Err, trace: trace}
	}
	return r, names, trace, nil
}

// clockAfter returns the key's clock as the coordinator stored it.
func clockAfter(r *replica.Request) causal.Vector {
	for _, s := range r.Trace.Steps {
		if s.Action == replica.ActionApply && s.Clock != nil {
			return s.Clock
		}
	}
	return r.Result.Context.Vector
}

// contextAfter returns the context of a client that has seen what it wrote; empty if
// nothing was written.
func contextAfter(r *replica.Request) string {
	if r.Result.Dot == (causal.Dot{}) {
		return ""
	}
	seen := r.Result.Context
	if !r.Update.HasContext {
		seen = causal.ContextOf(nil, r.Result.Dot)
	}
	return string(causal.ContextTokensOf(r.Key).Append(nil, seen))
}

func (h *dataHandlers) deleteData(ctx context.Context, c *call) (any, error) {
	if err := c.quorum("w"); err != nil {
		return nil, err
	}
	want := api.WriteRequest{W: c.number("w")}
	if c.has("context") {
		token := c.text("context")
		want.Context = &token
	}
	r, _, trace, err := c.write(ctx, "del", &register.Update{Kind: register.Delete}, want)
	if err != nil {
		return nil, err
	}
	return api.DeleteAnswer{Key: keyOf(r.Key), Deleted: r.Result.Existed, Context: contextAfter(r), Trace: trace}, nil
}
