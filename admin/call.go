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
)

// call is one request to a route, its parameters checked.
type call struct {
	*http.Request
	route *route
	query url.Values
	node  Node // of routes that need one
}

// check reads the query and looks at every parameter that the route knows.
func (c *call) check() (err error) {
	if c.query, err = url.ParseQuery(c.URL.RawQuery); err != nil {
		return fmt.Errorf("%w: query: %w", errBadRequest, err)
	}
	for i := range c.route.params {
		if err := c.route.params[i].check(c.text(c.route.params[i].name)); err != nil {
			return err
		}
	}
	return nil
}

// has says whether a parameter was given, be it empty.
func (c *call) has(name string) bool { return c.query.Has(name) || c.PathValue(name) != "" }

// text is a parameter of the path or of the query; empty if it was not given.
func (c *call) text(name string) string {
	if v := c.PathValue(name); v != "" {
		return v
	}
	return c.query.Get(name)
}

// number is a parameter that was checked to be one, or its default.
func (c *call) number(name string) int {
	if n, err := strconv.Atoi(c.text(name)); err == nil {
		return n
	}
	at := slices.IndexFunc(c.route.params, func(p param) bool { return p.name == name })
	return c.route.params[at].otherwise
}

// key is the key that a path ends with: any bytes, none too.
func (c *call) key() []byte {
	key, _ := c.Context().Value(pathKey{}).(string)
	return []byte(key)
}

// local says that the caller wants this port's own answer, and nobody asked.
func (c *call) local() bool { return c.query.Get("local") == "1" }

// headerVia marks what another port passed on, so that nothing goes in circles.
const headerVia = "Quorate-Via"

func (c *call) passedOn() bool { return c.Header.Get(headerVia) != "" }

// via is the node that the caller wants to take the request, where the route
// leaves that to the caller and it has not got there already.
func (c *call) via() string {
	if c.passedOn() || !slices.ContainsFunc(c.route.params, func(p param) bool { return p.name == viaParam.name }) {
		return ""
	}
	return c.query.Get(viaParam.name)
}

// json reads the body, which must be one JSON value with no fields but into's.
// An empty body is an empty object.
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

// keyedPaths end with a key.
var keyedPaths = []string{"/api/data/", "/api/versions/", "/api/ring/key/"}

// pathKey is under which a request's context has the key of its path.
type pathKey struct{}

// aside takes the key out of a path before a mux sees it, for which slashes and
// dots are structure: it would redirect to another key.
func aside(next http.Handler) http.Handler {
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
