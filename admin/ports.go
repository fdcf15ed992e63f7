package admin

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Bounds of what a port asks of others.
const (
	fanoutTimeout = time.Second // for all of them together: whoever is silent is missing
	maxAnswer     = 16 << 20
	idlePerPort   = 4
)

// ports asks the admin ports of other nodes, as one more caller of theirs.
type ports struct {
	client *http.Client
	scheme string
	token  string // empty: none
}

func newPorts(token string, trust *tls.Config) *ports {
	p := &ports{scheme: "http", token: token}
	if trust != nil {
		p.scheme = "https"
	}
	p.client = &http.Client{
		// A redirect would be followed with the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: fanoutTimeout}).DialContext,
			TLSClientConfig:     trust,
			DisableCompression:  true,
			MaxIdleConnsPerHost: idlePerPort,
			IdleConnTimeout:     30 * time.Second,
		},
	}
	return p
}

// errPort: a port was asked in vain.
var errPort = errors.New("no answer from the admin port of a node")

// portError is what another port answered instead of doing what it was asked.
type portError struct {
	status int
	text   string
}

func (e *portError) Error() string { return e.text }

// send makes one request. The caller closes the answer's body.
func (p *ports) send(ctx context.Context, addr string, r *http.Request) (*http.Response, error) {
	r = r.WithContext(ctx)
	r.URL.Scheme, r.URL.Host = p.scheme, addr
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPort, err)
	}
	return answer, nil
}

// ask makes one request of JSON and reads its answer; in and into may be nil.
func (p *ports) ask(ctx context.Context, method, addr, path string, in, into any) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	r, err := http.NewRequest(method, path, body)
	if err != nil {
		return err
	}
	r.Header.Set(headerVia, "1")
	answer, err := p.send(ctx, addr, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w: %w", errPort, err)
	}
	if answer.StatusCode/100 != 2 {
		var refusal struct{ Error string }
		if json.Unmarshal(text, &refusal) != nil || refusal.Error == "" {
			refusal.Error = answer.Status
		}
		return &portError{status: answer.StatusCode, text: refusal.Error}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %s is not one of quorate: %w", errPort, addr, err)
	}
	return nil
}

// askAll puts one question to several members at once and returns the answers
// by name, and the names of those that were silent, or refused, in the order of
// members.
func askAll[T any](ctx context.Context, p *ports, members []ring.Member, method string, path func(ring.Member) string, in any) (answers map[string]T, missing []string) {
	answers, missing = make(map[string]T, len(members)), []string{}
	failed := make([]error, len(members))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() {
			var answer T
			if failed[i] = p.ask(ctx, method, m.AdminAddr, path(m), in, &answer); failed[i] != nil {
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

// same asks all members for the same path.
func same(path string) func(ring.Member) string {
	return func(ring.Member) string { return path }
}
