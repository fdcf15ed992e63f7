package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/admin/fanout"
)

// call is one request to a route, with its parameters checked.
type call struct {
	*http.Request
	route *route
	query url.Values
	node  Node // of routes that need one
}

// check reads the query and checks every parameter of the route. One that the route does
// not have is an error: a misspelt one would silently do without what the caller wants.
// Another port may be newer, and ask with parameters that this one does not know.
func (c *call) check() (err error) {
	if c.query, err = url.ParseQuery(c.URL.RawQuery); err != nil {
		return fmt.Errorf("%w: query: %w", errBadRequest, err)
	}
	for name := range c.query {
		if !fanout.Proxied(c.Request) && !slices.ContainsFunc(c.route.params, func(p param) bool { return p.name == name && p.in == "query" }) {
			return fmt.Errorf("%w: %.40q is no query parameter of %s %s", errBadRequest, name, c.route.method, c.route.path)
		}
	}
	for i := range c.route.params {
		if err := c.route.params[i].check(c.text(c.route.params[i].name)); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a parameter was given, even if it is empty.
func (c *call) has(name string) bool { return c.query.Has(name) || c.PathValue(name) != "" }

// text returns a parameter of the path or of the query; empty if it was not given.
func (c *call) text(name string) string {
	if v := c.PathValue(name); v != "" {
		return v
	}
	return c.query.Get(name)
}

// number returns a parameter that check has found to be a number, or its default.
func (c *call) number(name string) int {
	if n, err := strconv.Atoi(c.text(name)); err == nil {
		return n
	}
	at := slices.IndexFunc(c.route.params, func(p param) bool { return p.name == name })
	return c.route.params[at].otherwise
}

// key returns the key at the end of the path: any bytes; it may be empty.
func (c *call) key() []byte {
	key, _ := c.Context().Value(pathKey{}).(string)
	return []byte(key)
}

// local reports whether the caller wants this port's own answer, without asking
// other ports.
func (c *call) local() bool { return c.query.Get("local") == "1" }

// via returns the node that the caller wants to take the request; empty where the
// route has no such choice, or the request has been proxied there already.
func (c *call) via() string {
	if fanout.Proxied(c.Request) || !slices.ContainsFunc(c.route.params, func(p param) bool { return p.name == viaParam.name }) {
		return ""
	}
	return c.query.Get(viaParam.name)
}

// json decodes the body, one JSON value without unknown fields. An empty body is
// an empty object.
func (c *call) json(into any) error {
	d := json.NewDecoder(c.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one JSON value", errBadRequest)
	}
	return nil
}

// keyedPaths are the paths that end with a key.
var keyedPaths = []string{"/api/data/", "/api/versions/", "/api/ring/key/"}

// pathKey is the key of the context value that holds the key of a path.
type pathKey struct{}

// extractKey takes the key out of a path before a mux sees it: a mux would take
// slashes and dots in the key for structure, and redirect to another key.
func extractKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range keyedPaths {
			rest, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
			if !ok {
				continue
			}
			key, err := url.PathUnescape(rest)
			if err != nil {
				writeError(w, fmt.Errorf("%w: key: %w", errBadRequest, err))
				return
			}
			r = r.Clone(context.WithValue(r.Context(), pathKey{}, key))
			r.URL.Path, r.URL.RawPath = prefix+"key", ""
			break
		}
		next.ServeHTTP(w, r)
	})
}
