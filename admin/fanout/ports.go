package fanout

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
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

// ErrNoMember is returned by [Ports.First] when no member passes the test.
var ErrNoMember = errors.New("no other node answers")

// Ports asks the admin ports of other nodes, as a client of theirs.
type Ports struct {
	client *api.Client
	token  func() string
	asking sync.WaitGroup // questions of First that are not answered yet
}

// New makes a Ports. token gives the token that the ports of a cluster share, each time
// that one is asked. trust says which certificates to trust, if all ports speak TLS; nil:
// they speak plain HTTP.
func New(token func() string, trust *tls.Config) *Ports {
	scheme := "http://"
	if trust != nil {
		scheme = "https://"
	}
	return &Ports{token: token, client: api.NewClient(api.Config{
		Addr: scheme, TLS: trust, Timeout: callTimeout, DialTimeout: Timeout,
		Header: http.Header{Via: {"1"}},
	})}
}

// At returns the client of one port.
func (p *Ports) At(addr string) *api.Client { return p.client.At(addr).WithToken(p.token()) }

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
}

// Get returns the question GET path, the same for all members.
func Get(path string) Question { return Question{Method: http.MethodGet, Path: Same(path)} }

// Same returns a function that gives all members the same path.
func Same(path string) func(ring.Member) string {
	return func(ring.Member) string { return path }
}

// All puts one question to all members at once. It returns the answers by name of
// the member, and the names of the members that refused or did not answer within
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
			if failed[i] = p.At(m.AdminAddr).Call(ctx, q.Method, q.Path(m), q.Body, &answer); failed[i] != nil {
				return
			}
			mu.Lock()
			answers[m.Name] = answer
			mu.Unlock()
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

// First asks all members for their nodes and returns the admin address of the
// first to answer with one that passes the test. Without any the error wraps
// [ErrNoMember].
func (p *Ports) First(ctx context.Context, members []ring.Member, test func(api.Node) bool) (addr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	found := make(chan string, len(members))
	for _, m := range members {
		p.asking.Go(func() {
			node, err := p.At(m.AdminAddr).Node(ctx)
			if err != nil || !test(node) {
				found <- ""
				return
			}
			found <- m.AdminAddr
		})
	}
	for range members {
		if addr := <-found; addr != "" {
			return addr, nil
		}
	}
	return "", ErrNoMember
}
