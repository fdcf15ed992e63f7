package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/ring"
)

// Errors that begin at this port.
var (
	errBadRequest   = errors.New("bad request")
	errUnauthorized = errors.New("this port asks for the password (HTTP Basic, any user name)")
	errCrossOrigin  = errors.New("a page of another site may not change anything here")
	errForeignHost  = errors.New("without a password this port answers to localhost and to IP addresses only")
	errNoSuchPage   = errors.New("no such page")
	errBusy         = errors.New("too many requests at once")
	errNotReady     = errors.New("the node has not found its place in the ring yet")
	errNodeIsUp     = errors.New("the node is up: let it leave instead, so that its data moves first")
	errNodeIsDown   = errors.New("the node is down and cannot hand over its data: remove it instead")
)

// statuses maps what can go wrong to HTTP. The first match counts; what is not
// here is 500.
var statuses = []struct {
	err    error
	status int
}{
	{errBadRequest, http.StatusBadRequest},
	{ring.ErrBadQuorums, http.StatusBadRequest},
	{peer.ErrBadFault, http.StatusBadRequest},
	{ErrBadPeerAddr, http.StatusBadRequest},
	{errUnauthorized, http.StatusUnauthorized},
	{errCrossOrigin, http.StatusForbidden},
	{errForeignHost, http.StatusForbidden},
	{ErrChaosForbidden, http.StatusForbidden},
	{errNoSuchPage, http.StatusNotFound},
	{ErrNotHere, http.StatusNotFound},
	{ring.ErrUnknownMember, http.StatusNotFound},
	{ring.ErrRemovedMember, http.StatusConflict},
	{ring.ErrLastMember, http.StatusConflict},
	{errNodeIsUp, http.StatusConflict},
	{errNodeIsDown, http.StatusConflict},
	{ErrAlready, http.StatusConflict},
	{ErrNotDemo, http.StatusConflict},
	{ErrGone, http.StatusGone},
	{ErrStandby, http.StatusServiceUnavailable},
	{ErrKilled, http.StatusServiceUnavailable},
	{errNotReady, http.StatusServiceUnavailable},
	{errBusy, http.StatusServiceUnavailable},
	{context.DeadlineExceeded, http.StatusGatewayTimeout},
}

func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

func writeError(w http.ResponseWriter, err error) {
	writeJSON(w, statusOf(err), map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller is gone: nobody to tell
}
