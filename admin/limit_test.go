package admin

import (
	"errors"
	"io"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
)

// Callers that send a byte of their bodies and then nothing hold all room for requests. A
// node that is alive must be seen alive all the same, and be measured.
func TestServer_AllRoomForRequestsHeld_ProbesAndMetricsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&fakeProcess{node: newFakeNode()}, "")
		var callers sync.WaitGroup
		body, client := io.Pipe()
		for range maxRequests {
			callers.Go(func() {
				s.http.Handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "http://127.0.0.1:8001/api/data/k", body))
			})
		}
		synctest.Wait()
		for _, test := range []struct {
			path string
			want int
		}{{"/healthz", 200}, {"/readyz", 200}, {"/metrics", 200}, {"/api/cluster", 503}} {
			if w := do(s, "GET", test.path, ""); w.Code != test.want {
				t.Errorf("GET %s while %d requests are under way: %d %s, want %d", test.path, maxRequests, w.Code, w.Body, test.want)
			}
		}
		_ = client.CloseWithError(errors.New("the callers went away"))
		callers.Wait()
		if w := do(s, "GET", "/api/cluster", ""); w.Code != 200 {
			t.Errorf("GET /api/cluster after the requests: %d %s", w.Code, w.Body)
		}
	})
}

// blockedWriter is a client that reads nothing.
type blockedWriter struct {
	*httptest.ResponseRecorder
	gate chan struct{}
}

func (w blockedWriter) Write(b []byte) (int, error) {
	<-w.gate
	return w.ResponseRecorder.Write(b)
}

func TestServer_ScrapesThatReadNothing_AreBoundedAndKeepNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&fakeProcess{node: newFakeNode()}, "")
		var callers sync.WaitGroup
		gate := make(chan struct{})
		for range maxScrapes {
			callers.Go(func() {
				s.http.Handler.ServeHTTP(blockedWriter{httptest.NewRecorder(), gate}, httptest.NewRequest("GET", "http://127.0.0.1:8001/metrics", nil))
			})
		}
		synctest.Wait()
		for _, test := range []struct {
			path string
			want int
		}{{"/metrics", 503}, {"/healthz", 200}, {"/readyz", 200}, {"/api/cluster", 200}} {
			if w := do(s, "GET", test.path, ""); w.Code != test.want {
				t.Errorf("GET %s while %d scrapes are under way: %d %s, want %d", test.path, maxScrapes, w.Code, w.Body, test.want)
			}
		}
		close(gate)
		callers.Wait()
	})
}
