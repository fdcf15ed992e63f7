package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// TLS is the decision of whoever makes the sockets; the channel does not notice.
func TestChannel_SocketsWithTLS_CarryStreams(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	wrap := func(s Sockets) Sockets {
		s.Listener = tls.NewListener(s.Listener, &tls.Config{Certificates: web.TLS.Certificates})
		s.Dialer = tlsDialer{Dialer: tls.Dialer{Config: &tls.Config{RootCAs: roots}}}
		return s
	}
	a, b := startOn(t, "A", wrap, nil), startOn(t, "B", wrap, nil)
	a.SetPeers(map[causal.NodeID]string{b.id(): b.Addr()})
	poll.Until(t, "a stream stands", func() bool { return a.Available(b.id()) })
	if got, err := a.Call(t.Context(), b.id(), Foreground, Read, []byte("x")); err != nil || string(got) != "x" {
		t.Errorf("a call over TLS: %q, %v", got, err)
	}
	plain := start(t, "C", nil)
	if _, err := plain.CallAddr(t.Context(), b.Addr(), Join, nil); err == nil {
		t.Error("a call without TLS was answered")
	}
}

// tlsDialer opens connections with TLS.
type tlsDialer struct{ tls.Dialer }

// DialContext opens a connection.
func (d tlsDialer) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	return d.Dialer.DialContext(ctx, "tcp", addr)
}
