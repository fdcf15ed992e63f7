package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/peer"
)

// Node is what the port needs of the node behind it. Before it is ready, only a
// Prober and a Counted may be asked.
type Node interface {
	Prober
	Reporter
	Operator
	Counted
}

// Process is the process that the port belongs to.
type Process interface {
	// Node returns the node behind the port, or [ErrKilled].
	Node() (Node, error)
	// Kill stops a node of this process with no goodbye.
	Kill(node string) error
	// Revive starts a killed one again; with loseDisk, without the data that it
	// had: it is still the member that it was, and is filled by the others.
	Revive(node string, loseDisk bool) error
	// Links are the faults of the links from and to the nodes of this process,
	// and SetLinks replaces them all: see [peer.Links.Set].
	Links() []peer.Fault
	SetLinks(faults []peer.Fault) error
	// AddNode starts one more node, which joins the others, and returns its name;
	// [ErrNotDemo] where the process may not start any.
	AddNode(ctx context.Context) (name string, err error)
	// Join tells a node that waits for it to join the cluster which has these peer
	// addresses; [ErrAlready] if it waits no more.
	Join(through []string) error
	// Chaos and Demo report whether this process may break things, and whether
	// it may add nodes.
	Chaos() bool
	Demo() bool
}

// Errors of a [Process].
var (
	// ErrKilled: the node behind the port was killed, or has not started yet.
	ErrKilled = errors.New("the node is not running")
	// ErrChaosForbidden: the process was not started with leave to kill nodes.
	ErrChaosForbidden = errors.New("killing, reviving and breaking links need --chaos")
	// ErrNotHere: the node runs in another process, or not at all.
	ErrNotHere = errors.New("no such node in this process: ask its own admin port")
	// ErrAlready: the node is in the wanted state, or on its way there.
	ErrAlready = errors.New("nothing to do")
	// ErrGone: the node has left its cluster, or has failed, and does not come
	// back by itself.
	ErrGone = errors.New("the node has ended")
	// ErrStandby: the node waits for its first cluster.
	ErrStandby = errors.New("the node waits to be told which cluster to join")
	// ErrBadPeerAddr: nobody could be joined there.
	ErrBadPeerAddr = errors.New("bad peer address")
	// ErrNotDemo: only a demo can start nodes by itself.
	ErrNotDemo = errors.New("this is no demo: start a node with `quorate server --standby` and name its admin address")
)

// Config is what a [Server] is made of.
type Config struct {
	Process Process
	Metrics prometheus.Gatherer
	Token   string // asked for as HTTP Basic's password, any user; empty: none
	Pprof   bool   // serve /debug/pprof
	Logger  *slog.Logger
}

// Bounds of what a caller can make the port hold.
const (
	maxBody       = 64 << 10
	maxHeader     = 16 << 10
	maxRequests   = 64 // at once; more are answered 503
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 90 * time.Second // a CPU profile takes 30 s by default
	idleTimeout   = 2 * time.Minute
	graceTimeout  = time.Second
)

// Server is the admin port.
type Server struct {
	cfg  Config
	http http.Server
}

// New makes the port's server.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg}
	s.http = http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	return s
}

// Run serves on listener, which it closes, until ctx ends; requests under way
// then have a second to finish.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("admin port: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
		defer cancel()
		if s.http.Shutdown(grace) != nil {
			return s.http.Close()
		}
		return nil
	})
	return group.Wait()
}

func (s *Server) handler() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/cluster", s.getCluster)
	api.HandleFunc("POST /api/cluster/config", s.postConfig)
	api.HandleFunc("DELETE /api/nodes/{node}", s.deleteNode)
	api.HandleFunc("POST /api/nodes/{node}/kill", s.postKill)
	api.HandleFunc("POST /api/nodes/{node}/revive", s.postRevive)
	api.HandleFunc("GET /api/merkle", s.getMerkle)
	api.Handle("GET /metrics", promhttp.HandlerFor(s.cfg.Metrics, promhttp.HandlerOpts{}))
	if s.cfg.Pprof {
		api.HandleFunc("GET /debug/pprof/", pprof.Index)
		api.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		api.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		api.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		api.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	api.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, fmt.Errorf("%w: %s %s", errNoSuchPage, r.Method, r.URL.Path))
	})

	all := http.NewServeMux()
	all.HandleFunc("GET /healthz", s.getHealth)
	all.HandleFunc("GET /readyz", s.getReady)
	all.Handle("/", s.authorized(api))

	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, errCrossOrigin)
	}))
	return limited(s.knownHost(sameSite.Handler(all)))
}

// limited bounds the requests under way and their bodies.
func limited(next http.Handler) http.Handler {
	slots := make(chan struct{}, maxRequests)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			writeError(w, errBusy)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
