package admin

import (
	"fmt"
	"net/http"

	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
)

// addressed refuses requests of other ports that are meant for another node, or for a node
// of another cluster. Such a port has an old address. A port whose node has had no ring
// yet refuses none.
func (s *Server) addressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := r.Header.Get(fanout.For)
		if here, err := s.snapshot(); want != "" && err == nil {
			if own := fanout.Recipient(here.Ring.ClusterID(), ring.IDOf(here.Self)); own != want {
				writeError(w, fmt.Errorf("%w: it is for %.80q, and this is %s of %q", errOtherNode, want, here.Self, here.Ring.ClusterID()))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// clusterID returns the id of the node's cluster; empty if it has had no ring yet.
func (b *backend) clusterID() string {
	here, err := b.snapshot()
	if err != nil {
		return ""
	}
	return here.Ring.ClusterID()
}
