package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
)

// route is one row of the table from which the port serves and describes itself.
type route struct {
	method, path string
	summary      string
	params       []param
	body         any   // a value of the type of the JSON body; nil: none
	rawBody      bool  // the body may be any bytes, too
	answer       any   // a value of the type of the answer
	status       int   // of success; default 200
	fails        []int // statuses besides those that every route may answer

	needsNode bool          // while the node is killed, another node's port answers
	timeout   time.Duration // default askTimeout
	longBody  bool          // up to Config.MaxValue

	// Either handle or serve is set.
	handle func(context.Context, *call) (any, error)
	serve  http.HandlerFunc

	media string // of what serve answers; default JSON
}

// askTimeout bounds how long a request may wait for other nodes.
const askTimeout = 5 * time.Second

// param is one parameter of a route.
type param struct {
	name, in    string // in: path or query
	kind        kind
	help        string
	least, most int      // of numbers
	otherwise   int      // of numbers that are not given
	words       []string // the words to choose from
}

type kind string

const (
	textParam   kind = "text"
	numberParam kind = "number"
	choiceParam kind = "word"
)

// check checks the text that was given; an absent parameter is correct.
func (p *param) check(text string) error {
	if text == "" {
		return nil
	}
	switch p.kind {
	case numberParam:
		if n, err := strconv.Atoi(text); err != nil || n < p.least || n > p.most {
			return fmt.Errorf("%w: %s is %.40q, want a number from %d to %d", errBadRequest, p.name, text, p.least, p.most)
		}
	case choiceParam:
		for _, w := range p.words {
			if w == text {
				return nil
			}
		}
		return fmt.Errorf("%w: %s is %.40q, want %s", errBadRequest, p.name, text, strings.Join(p.words, " or "))
	}
	return nil
}

// answered is an answer with another status than the route's.
type answered struct {
	status int
	body   any
}

// handler returns the HTTP handler of a route.
func (s *Server) handler(rt *route) http.Handler {
	if rt.serve != nil {
		return rt.serve
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(rt.timeout, askTimeout))
		defer cancel()
		limit := int64(maxBody)
		if rt.longBody {
			limit = s.cfg.MaxValue
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		c := &call{Request: r, route: rt}
		var at ring.Member
		err := c.check()
		if via := c.via(); err == nil && via != "" {
			if at, err = s.portVia(via); at.AdminAddr != "" {
				s.proxy(ctx, w, c, at)
				return
			}
		}
		if err == nil && rt.needsNode {
			if c.node, err = s.node(); errors.Is(err, ErrKilled) && !c.local() && !fanout.Proxied(c.Request) {
				if at, err = s.anyRunning(ctx); err == nil {
					s.proxy(ctx, w, c, at)
					return
				}
			}
		}
		var body any
		if err == nil {
			body, err = rt.handle(ctx, c)
		}
		if err != nil {
			writeError(w, err)
			return
		}
		status := cmp.Or(rt.status, http.StatusOK)
		if a, ok := body.(answered); ok {
			status, body = a.status, a.body
		}
		writeJSON(w, status, body)
	})
}

// proxy lets another port answer the request.
func (s *Server) proxy(ctx context.Context, w http.ResponseWriter, c *call, at ring.Member) {
	if err := s.ports.Proxy(w, c.WithContext(ctx), at, setHeaders); err != nil {
		writeError(w, err)
	}
}

// dispatch serves the routes of the table. A path of the table requested with
// another method is answered with the methods that it has.
func (s *Server) dispatch(table []route) http.Handler {
	mux := http.NewServeMux()
	for i := range table {
		mux.Handle(table[i].method+" "+table[i].path, s.handler(&table[i]))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, pattern := mux.Handler(r); pattern == "" {
			refuseMethod(w, r, h)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// refuseMethod answers requests that the mux has no handler for. The answer that
// the mux itself would give, h, shows whether the path exists.
func refuseMethod(w http.ResponseWriter, r *http.Request, h http.Handler) {
	probe := probeWriter{header: make(http.Header)}
	h.ServeHTTP(&probe, r)
	allow := probe.header.Get("Allow")
	switch {
	case allow == "":
		writeError(w, fmt.Errorf("%w: %s %.80s", errNoSuchPage, r.Method, r.URL.Path))
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow+", OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allow+", OPTIONS")
		writeError(w, fmt.Errorf("%w: %s, want %s", errMethod, r.Method, allow))
	}
}

// probeWriter keeps the header of an answer and drops the rest.
type probeWriter struct{ header http.Header }

func (p *probeWriter) Header() http.Header         { return p.header }
func (p *probeWriter) Write(b []byte) (int, error) { return len(b), nil }
func (p *probeWriter) WriteHeader(int)             {}
