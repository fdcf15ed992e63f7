package fanout

import (
	"io"
	"net/http"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Proxied reports whether another port sent the request. Such a request is not
// passed on again.
func Proxied(r *http.Request) bool { return r.Header.Get(Via) != "" }

// Proxy repeats r at another port and copies its answer to w, after setting the
// headers that every answer has. On an error nothing was written to w.
func (p *Ports) Proxy(w http.ResponseWriter, r *http.Request, to ring.Member, setHeaders func(http.Header)) error {
	answer, err := p.repeat(r, to)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end, or given up
	h := w.Header()
	setHeaders(h)
	h.Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, api.MaxAnswer)) // the status is sent: an error has no other place
	return nil
}

// repeat makes the same request to another port.
func (p *Ports) repeat(r *http.Request, to ring.Member) (*http.Response, error) {
	again, err := http.NewRequestWithContext(r.Context(), r.Method, r.RequestURI, r.Body)
	if err != nil {
		return nil, err
	}
	if again.ContentLength = r.ContentLength; again.ContentLength == 0 {
		again.Body = nil
	}
	if kind := r.Header.Get("Content-Type"); kind != "" {
		again.Header.Set("Content-Type", kind)
	}
	return p.To(to).Send(again)
}
