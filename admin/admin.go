package admin

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin/fanout"
)

// Config configures a [Server].
type Config struct {
	Name    string // of the node
	Version string // of the program
	Process Process
	Metrics prometheus.Gatherer
	Events  *EventLog // of the node; default: an empty one

	// Token gives the token that guards the port: as the password of HTTP Basic (any
	// user), or as a bearer token. The ports of a cluster have the same. An empty one
	// means that the port asks for none, and so does a nil function. It is called for
	// each request, and may give another token each time.
	Token func() string
	// Trust says which certificates of other nodes' ports to trust, if all ports speak
	// TLS; nil: they speak plain HTTP.
	Trust *tls.Config
	// MaxValue bounds the body of a request that carries a value; default [DefaultMaxValue].
	MaxValue int64
	Pprof    bool // serve /debug/pprof
	// Now is the wall clock; default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// DefaultMaxValue bounds a value that callers send or get, in bytes.
const DefaultMaxValue = 8 << 20

// Bounds on what a caller can make the port hold or wait for.
const (
	maxBody       = 64 << 10
	maxHeader     = 64 << 10 // keys travel there
	maxRequests   = 64       // at once, live streams, probes, and metrics not counted; more are answered 503
	maxScrapes    = 8        // of the metrics, at once
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 90 * time.Second // a CPU profile takes 30 s by default
	idleTimeout   = 2 * time.Minute
	graceTimeout  = time.Second
)

// Server is the admin port.
type Server struct {
	*backend
	http    http.Server
	streams *streamHandlers
	monitor *monitor
	history *history
}

// New makes the port's server.
func New(cfg Config) *Server {
	cfg.MaxValue = cmp.Or(cfg.MaxValue, DefaultMaxValue)
	if cfg.Token == nil {
		cfg.Token = func() string { return "" }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Events == nil {
		cfg.Events = NewEventLog(cfg.Name)
	}
	b := &backend{cfg: cfg, log: cfg.Logger}
	b.ports = fanout.New(cfg.Token, b.clusterID, cfg.Trust)
	s := &Server{backend: b, monitor: newMonitor(b), history: newHistory(b), streams: &streamHandlers{backend: b, hub: newHub(), closing: make(chan struct{})}}
	s.http = http.Server{
		Handler:           s.everything(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	s.http.RegisterOnShutdown(sync.OnceFunc(func() { close(s.streams.closing) }))
	return s
}

// Run serves on listener, which it closes, until ctx ends. Requests that are being served
// then have a second to finish.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("admin port: %w", err)
		}
		return nil
	})
	group.Go(func() error { return s.streams.watch(ctx) })
	group.Go(func() error { return s.remember(ctx) })
	group.Go(func() error { return s.monitor.run(ctx) })
	group.Go(func() error { return s.history.run(ctx) })
	group.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
		defer cancel()
		if s.http.Shutdown(grace) != nil {
			return s.http.Close()
		}
		return nil
	})
	err := group.Wait()
	s.ports.Close()
	return err
}

// everything returns the port's handler.
func (s *Server) everything() http.Handler {
	all := http.NewServeMux()
	all.Handle("/", s.authorized(s.addressed(s.guarded())))
	all.HandleFunc("GET /healthz", s.getHealth)
	all.HandleFunc("GET /readyz", s.getReady)
	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, errCrossOrigin)
	}))
	return limited(extractKey(s.knownHost(sameSite.Handler(all))))
}

// limited bounds the number of requests that are served at once. Slow callers of the API
// do not keep a probe from its answer, or Prometheus from the metrics. A probe's handler
// waits for nobody, so that it needs no bound.
func limited(next http.Handler) http.Handler {
	requests, scrapes := make(chan struct{}, maxRequests), make(chan struct{}, maxScrapes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		room := requests
		switch r.URL.Path {
		case streamPath, "/healthz", "/readyz": // a stream has a bound of its own
			next.ServeHTTP(w, r)
			return
		case "/metrics":
			room = scrapes
		}
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		default:
			writeError(w, errBusy)
			return
		}
		next.ServeHTTP(w, r)
	})
}
