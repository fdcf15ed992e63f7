package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Errors of this package.
var (
	errBadRequest     = errors.New("bad request")
	errUnauthorized   = errors.New("this port requires its token: send it as the password of HTTP Basic (any user name), or as Authorization: Bearer")
	errCrossOrigin    = errors.New("refused: the request comes from a page of another site")
	errForeignHost    = errors.New("refused: a port without a token answers to localhost and to IP addresses only; use one of them, or set --admin-token")
	errOtherNode      = errors.New("this port is another node's than the request of another port is for: its address has a new owner")
	errNoSuchPage     = errors.New("no such page")
	errMethod         = errors.New("this page has no such method")
	errBusy           = errors.New("too many requests at once: try again later")
	errTooManyStreams = errors.New("too many live streams at once: close one, or try again later")
	errPeer           = errors.New("the two nodes cannot be compared")
	errDraining       = errors.New("the node drains: it is about to be stopped")
	errNotReady       = errors.New("the node has not found its place in the ring yet")
	errNodeIsUp       = errors.New("the node is up: let it leave instead, so that its data moves first")
	errNotDead        = errors.New("the node is up: only the place of a dead node is given to a fresh one")
	errNodeIsDown     = errors.New("the node is down and cannot hand over its data: remove it instead")
)

// statuses maps errors to statuses of HTTP. The first match counts. An error that is
// not in the table is answered with 500.
var statuses = []struct {
	err    error
	status int
}{
	{errBadRequest, http.StatusBadRequest},
	{ring.ErrBadQuorums, http.StatusBadRequest},
	{ring.ErrBadName, http.StatusBadRequest},
	{causal.ErrBadContext, http.StatusBadRequest},
	{fault.ErrInvalid, http.StatusBadRequest},
	{ErrBadPeerAddr, http.StatusBadRequest},
	{errUnauthorized, http.StatusUnauthorized},
	{errCrossOrigin, http.StatusForbidden},
	{errForeignHost, http.StatusForbidden},
	{ErrChaosForbidden, http.StatusForbidden},
	{errOtherNode, http.StatusMisdirectedRequest},
	{errNoSuchPage, http.StatusNotFound},
	{ErrNotHere, http.StatusNotFound},
	{ring.ErrUnknownMember, http.StatusNotFound},
	{operation.ErrUnknown, http.StatusNotFound},
	{errMethod, http.StatusMethodNotAllowed},
	{ring.ErrRemovedMember, http.StatusConflict},
	{ring.ErrNameTaken, http.StatusConflict},
	{ring.ErrTooManyMembers, http.StatusConflict},
	{ring.ErrLastMember, http.StatusConflict},
	{membership.ErrMemberUp, http.StatusConflict},
	{errNodeIsUp, http.StatusConflict},
	{errNodeIsDown, http.StatusConflict},
	{errNotDead, http.StatusConflict},
	{ErrAlready, http.StatusConflict},
	{ErrNotDemo, http.StatusConflict},
	{ErrGone, http.StatusGone},
	{ErrStandby, http.StatusServiceUnavailable},
	{register.ErrConflict, http.StatusConflict},
	{replica.ErrTooManySiblings, http.StatusConflict},
	{engine.ErrTooBig, http.StatusRequestEntityTooLarge},
	{ErrKilled, http.StatusServiceUnavailable},
	{errNotReady, http.StatusServiceUnavailable},
	{errBusy, http.StatusServiceUnavailable},
	{errTooManyStreams, http.StatusServiceUnavailable},
	{replica.ErrUnknownOutcome, http.StatusGatewayTimeout},
	{replica.ErrClosing, http.StatusServiceUnavailable},
	{engine.ErrClosed, http.StatusServiceUnavailable},
	{engine.ErrReadOnly, http.StatusServiceUnavailable},
	{engine.ErrHintsFull, http.StatusServiceUnavailable},
	{api.ErrUnreachable, http.StatusBadGateway},
	{api.ErrTooLong, http.StatusBadGateway},
	{api.ErrNotQuorate, http.StatusBadGateway},
	{errPeer, http.StatusServiceUnavailable},
	{antientropy.ErrNotReady, http.StatusServiceUnavailable},
	{context.DeadlineExceeded, http.StatusGatewayTimeout},
}

func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	var quorum *replica.NoQuorumError
	var refusal *api.StatusError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &quorum):
		return http.StatusServiceUnavailable
	case errors.As(err, &refusal):
		return refusal.Status
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// tracedError is the error of a request on a key, with the trace of that request.
type tracedError struct {
	err   error
	trace *api.Trace
}

func (e *tracedError) Error() string { return e.err.Error() }
func (e *tracedError) Unwrap() error { return e.err }

func writeError(w http.ResponseWriter, err error) {
	refusal := api.Refusal{Error: err.Error()}
	var traced *tracedError
	if errors.As(err, &traced) {
		refusal.Trace = traced.trace
	}
	writeJSON(w, statusOf(err), refusal)
}

// setHeaders sets the headers that every answer of the API has. The policy protects a
// browser that was made to show an answer as a page.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	setHeaders(w.Header())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the caller has disconnected
}
