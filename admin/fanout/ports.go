package fanout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Timeout bounds one round of questions to other ports.
const Timeout = time.Second

// callTimeout bounds one call; the caller's context usually ends it before.
const callTimeout = time.Minute

// Via is the header that marks a request from another port. Such a request is not passed
// on again.
const Via = "Quorate-Via"

// For is the header that names the node that a request of another port is meant for, as
// [Recipient] writes it. A request of an older version has none.
const For = "Quorate-For"

// ErrNoMember is returned by [Ports.First] when no member passes the test.
var ErrNoMember = errors.New("no other node answers")

// Ports asks the admin ports of other nodes, as a client of theirs.
type Ports struct {
	client  *api.Client
	token   func() string
	cluster func() string  // its id; empty: not known yet
	asking  sync.WaitGroup // questions of First that are not answered yet
}

// New makes a Ports. For each request, token returns the token that the ports of a cluster
// share, and cluster the cluster's id; an empty id is not sent. trust says which
// certificates to trust, if all ports speak TLS; nil: they speak plain HTTP.
func New(token, cluster func() string, trust *tls.Config) *Ports {
	scheme := "http://"
	if trust != nil {
		scheme = "https://"
	}
	return &Ports{token: token, cluster: cluster, client: api.NewClient(api.Config{
		Addr: scheme, TLS: trust, Timeout: callTimeout, DialTimeout: Timeout,
		Header: http.Header{Via: {"1"}},
	})}
}

// At returns the client of one port.
func (p *Ports) At(addr string) *api.Client { return p.client.At(addr).WithToken(p.token()) }

// To returns the client of a member's port. Its requests name the member and its cluster,
// and another node that has taken the address refuses them.
func (p *Ports) To(m ring.Member) *api.Client {
	client := p.At(m.AdminAddr)
	if cluster := p.cluster(); cluster != "" {
		client = client.WithHeader(For, Recipient(cluster, m.ID))
	}
	return client
}

// Recipient returns the value of the header [For].
func Recipient(cluster string, id ring.NodeID) string {
	return fmt.Sprintf("%s/%016x", url.PathEscape(cluster), uint64(id))
}

// Close waits for questions that are not answered yet, and closes the connections. No
// method may be called afterwards.
func (p *Ports) Close() {
	p.asking.Wait()
	p.client.Close()
}

// Question is one request to several ports.
type Question struct {
	Method string
	Path   func(ring.Member) string // with its query
	Body   any                      // in JSON; nil: none
	// Timed is called for each answer, with the times when the question was sent and the
	// answer was there; one call at a time. Nil: nobody wants to know.
	Timed func(m ring.Member, sent, received time.Time)
}

// Get returns the question GET path, the same for all members.
func Get(path string) Question { return Question{Method: http.MethodGet, Path: Same(path)} }

// Same returns a function that gives all members the same path.
func Same(path string) func(ring.Member) string {
	return func(ring.Member) string { return path }
}

// All puts one question to all members at once. It returns the answers by name of
// the member. missing names the members that refused or did not answer within
// [Timeout], in the order of members.
func All[T any](ctx context.Context, p *Ports, members []ring.Member, q Question) (answers map[string]T, missing []string) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	answers, missing = make(map[string]T, len(members)), []string{}
	failed := make([]error, len(members))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() {
			var answer T
			sent := time.Now()
			if failed[i] = p.To(m).Call(ctx, q.Method, q.Path(m), q.Body, &answer); failed[i] != nil {
				return
			}
			received := time.Now()
			mu.Lock()
			defer mu.Unlock()
			answers[m.Name] = answer
			if q.Timed != nil {
				q.Timed(m, sent, received)
			}
		})
	}
	wg.Wait()
	for i, m := range members {
		if failed[i] != nil {
			missing = append(missing, m.Name)
		}
	}
	return answers, missing
}

// First asks all members about their nodes, and returns the first member whose answer
// passes the test. Without any the error is [ErrNoMember].
func (p *Ports) First(ctx context.Context, members []ring.Member, test func(api.Node) bool) (m ring.Member, err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	found := make(chan ring.Member, len(members))
	for _, m := range members {
		p.asking.Go(func() {
			node, err := p.To(m).Node(ctx)
			if err != nil || !test(node) {
				found <- ring.Member{}
				return
			}
			found <- m
		})
	}
	for range members {
		if m := <-found; m.AdminAddr != "" {
			return m, nil
		}
	}
	return ring.Member{}, ErrNoMember
}
