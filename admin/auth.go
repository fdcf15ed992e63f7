package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// authorized requires the token, where one is set.
func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := s.cfg.Token()
		// Hashes have one length, so that the time of the comparison reveals nothing.
		got, want := sha256.Sum256([]byte(tokenOf(r))), sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 && token != "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="quorate", charset="UTF-8"`)
			writeError(w, errUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tokenOf returns the token of a request: the password of HTTP Basic, or a bearer
// token.
func tokenOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// knownHost refuses requests of browsers by a host name other than localhost, unless a
// token guards the port. Any site can let its own name resolve to 127.0.0.1. Its pages
// are then of the same origin as this port, so that [http.CrossOriginProtection] lets
// them pass (DNS rebinding).
func (s *Server) knownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only a browser can be misled by a name, and a browser sends these headers.
		if s.cfg.Token() == "" && !plainHost(r.Host) && (r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "") {
			writeError(w, errForeignHost)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainHost reports whether a Host header is localhost or an IP address.
func plainHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "localhost" || host == "" {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
