package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxAnswer bounds the bytes of an answer that a [Client] reads.
const MaxAnswer = 16 << 20

// Bounds of a client's connections.
const (
	defaultTimeout = 10 * time.Second
	idlePerPort    = 4
	idleTimeout    = 30 * time.Second
)

// Errors of a [Client].
var (
	// ErrUnreachable marks requests that got no whole answer.
	ErrUnreachable = errors.New("no answer from the admin port")
	// ErrTooLong marks answers of more than MaxAnswer bytes.
	ErrTooLong = errors.New("the answer is too long")
	// ErrNotQuorate marks answers that are not JSON of the expected form.
	ErrNotQuorate = errors.New("the answer is not one of a quorate admin port")
)

// StatusError is the refusal of a request: the port answered with a status other
// than 2xx.
type StatusError struct {
	Status int // of HTTP
	Text   string
}

func (e *StatusError) Error() string { return e.Text }

// Config configures a [Client].
type Config struct {
	// Addr is the admin port: HOST:PORT, or a base URL that begins with http:// or
	// https://.
	Addr string
	// Token is sent as a bearer token; empty: none.
	Token string
	// TLS says which certificates to trust; nil: those that the system trusts.
	TLS *tls.Config
	// Timeout bounds a call; default 10 s. The context of a call may end it earlier.
	Timeout time.Duration
	// DialTimeout bounds the connection to the port; default: Timeout.
	DialTimeout time.Duration
	// Header is sent with each request.
	Header http.Header
}

// Client calls an admin port. It is safe for concurrent use.
type Client struct {
	cfg          Config
	scheme, addr string
	http         *http.Client
}

// NewClient makes a client. It does not connect yet.
func NewClient(cfg Config) *Client {
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	scheme, addr, given := strings.Cut(cfg.Addr, "://")
	if !given {
		scheme, addr = "http", cfg.Addr
	}
	return &Client{
		cfg: cfg, scheme: scheme, addr: strings.TrimSuffix(addr, "/"),
		http: &http.Client{
			// The token would be sent along to wherever a redirect leads.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: cmp.Or(cfg.DialTimeout, cfg.Timeout)}).DialContext,
				TLSClientConfig:     cfg.TLS,
				DisableCompression:  true,
				MaxIdleConnsPerHost: idlePerPort,
				IdleConnTimeout:     idleTimeout,
			},
		},
	}
}

// At returns a client of another admin port, HOST:PORT, with the settings and the
// connections of c.
func (c *Client) At(addr string) *Client {
	other := *c
	other.addr = addr
	return &other
}

// WithToken returns a client of the same admin port that sends another token, and uses
// the connections of c.
func (c *Client) WithToken(token string) *Client {
	other := *c
	other.cfg.Token = token
	return &other
}

// WithHeader returns a client of the same admin port that sends one more header, and uses
// the connections of c.
func (c *Client) WithHeader(name, value string) *Client {
	other := *c
	if other.cfg.Header = c.cfg.Header.Clone(); other.cfg.Header == nil {
		other.cfg.Header = make(http.Header)
	}
	other.cfg.Header.Set(name, value)
	return &other
}

// Close closes the idle connections, those of the clients from At and WithToken included.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Cluster returns the cluster as the port's node sees it.
func (c *Client) Cluster(ctx context.Context) (v Cluster, err error) {
	err = c.Call(ctx, http.MethodGet, "/api/cluster", nil, &v)
	return v, err
}

// Node returns what the port knows of its own node.
func (c *Client) Node(ctx context.Context) (n Node, err error) {
	err = c.Call(ctx, http.MethodGet, "/api/node", nil, &n)
	return n, err
}

// Problems returns what is wrong in the cluster.
func (c *Client) Problems(ctx context.Context) (p Problems, err error) {
	err = c.Call(ctx, http.MethodGet, "/api/problems", nil, &p)
	return p, err
}

// Merkle returns which replicas are equal.
func (c *Client) Merkle(ctx context.Context) (m Merkle, err error) {
	err = c.Call(ctx, http.MethodGet, "/api/merkle", nil, &m)
	return m, err
}

// SetQuorums changes N, R and W of the whole cluster, and returns those in force.
func (c *Client) SetQuorums(ctx context.Context, change QuorumChange) (q Quorums, err error) {
	err = c.Call(ctx, http.MethodPost, "/api/cluster/config", change, &q)
	return q, err
}

// Settings returns the settings of the whole cluster, as the port's node has them.
func (c *Client) Settings(ctx context.Context) (s Settings, err error) {
	err = c.Call(ctx, http.MethodGet, "/api/settings", nil, &s)
	return s, err
}

// SetSetting changes a setting of the whole cluster, and returns it.
func (c *Client) SetSetting(ctx context.Context, name, value string) (s Setting, err error) {
	err = c.Call(ctx, http.MethodPut, "/api/settings/"+url.PathEscape(name), SettingChange{Value: value}, &s)
	return s, err
}

// Operations returns the long work of all nodes.
func (c *Client) Operations(ctx context.Context) (o Operations, err error) {
	err = c.Call(ctx, http.MethodGet, "/api/operations", nil, &o)
	return o, err
}

// CancelOperation cancels an operation, and returns its state.
func (c *Client) CancelOperation(ctx context.Context, id string) (o Operation, err error) {
	err = c.Call(ctx, http.MethodDelete, "/api/operations/"+url.PathEscape(id), nil, &o)
	return o, err
}

// Departure is the way in which a node leaves the ring.
type Departure string

// Departures of a node.
const (
	Leave  Departure = "leave"  // a live node, which moves its data first
	Remove Departure = "remove" // a dead node, whose data the others copy anew
)

// RemoveNode takes a node, given by name or id, off the ring. The change has begun
// when the call returns; Cluster shows its progress.
func (c *Client) RemoveNode(ctx context.Context, node string, how Departure) (m MemberChange, err error) {
	path := "/api/nodes/" + url.PathEscape(node) + "?how=" + url.QueryEscape(string(how))
	err = c.Call(ctx, http.MethodDelete, path, nil, &m)
	return m, err
}

// ReplaceNode lets a fresh node take the place of a dead one, given by name or id. Cluster
// shows whether the place is still vacant.
func (c *Client) ReplaceNode(ctx context.Context, node string) (m MemberChange, err error) {
	err = c.Call(ctx, http.MethodPost, "/api/nodes/"+url.PathEscape(node)+"/replace", nil, &m)
	return m, err
}

// Ready returns nil if the node serves requests, or the reason why not.
func (c *Client) Ready(ctx context.Context) error {
	return c.Call(ctx, http.MethodGet, "/readyz", nil, nil)
}

// Call makes a request of JSON and decodes the answer. Without a body in is nil;
// out is nil if the answer does not matter. An answer other than 2xx is a
// [StatusError].
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.Send(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w %s: %w", ErrUnreachable, c.addr, err)
	case len(text) > MaxAnswer:
		return fmt.Errorf("%s: %w: more than %d bytes", c.addr, ErrTooLong, MaxAnswer)
	case answer.StatusCode/100 != 2:
		var refusal Refusal
		if json.Unmarshal(text, &refusal) != nil || refusal.Error == "" {
			refusal.Error = answer.Status
		}
		return &StatusError{Status: answer.StatusCode, Text: refusal.Error}
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s: %w: %w", c.addr, ErrNotQuorate, err)
	}
	return nil
}

// Send sends r, whose URL needs a path and a query only, to the port with the
// token. The caller closes the answer's body, and bounds what it reads of it. The
// timeout of the client does not apply: r's context does.
func (c *Client) Send(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = c.scheme, c.addr
	for name, values := range c.cfg.Header {
		r.Header[name] = values
	}
	if c.cfg.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	answer, err := c.http.Do(r)
	if err != nil && strings.Contains(err.Error(), "malformed HTTP") { // net/http has no error value for it
		return nil, fmt.Errorf("%s: %w: it does not speak HTTP, as a client port does not", c.addr, ErrNotQuorate)
	}
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrUnreachable, c.addr, err)
	}
	return answer, nil
}
