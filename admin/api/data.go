package api

// KeyPage is the answer of GET /api/data: one page of keys.
type KeyPage struct {
	Keys   []Key  `json:"keys"`
	Cursor string `json:"cursor"` // of the next page; "0" at the end
}

// ReadAnswer is the answer of GET /api/data/{key}.
type ReadAnswer struct {
	Key
	Found     bool      `json:"found"`
	Resolved  *Value    `json:"resolved"` // what a plain GET answers; null without a value, or where a conflict is an error
	Values    []Value   `json:"values"`   // of the live siblings
	Context   string    `json:"context"`  // for the write that follows
	Clock     Clock     `json:"clock"`
	ClockText string    `json:"clock_text"`
	Siblings  []Sibling `json:"siblings"` // deleted and expired ones too
	Type      string    `json:"type"`     // none, string, hash, set, zset, list, stream
	// Elements are those of a collection that can be read, at most 1000 of them. Several of
	// one name were written concurrently.
	Elements               []Element `json:"elements"`
	ElementCount           int       `json:"element_count"`
	ElementsExpireAtMillis *int64    `json:"elements_expire_at_ms"` // of the whole key
	Trace                  *Trace    `json:"trace"`
}

// Element is one element of a collection and the event that wrote it.
type Element struct {
	Type            string `json:"type"`  // of the key that it makes: hash, set, zset, list, stream
	Name            Value  `json:"name"`  // of an entry of a stream: its id
	Value           Value  `json:"value"` // empty for a member of a set; the score of one of a sorted set; the fields of an entry
	Dot             Dot    `json:"dot"`
	DotText         string `json:"dot_text"`
	TimestampMillis int64  `json:"timestamp_ms"`
	ExpiresAtMillis *int64 `json:"expires_at_ms"`
}

// Sibling is one value of a key and the event that made it.
type Sibling struct {
	Value
	Tombstone       bool   `json:"tombstone"`
	Stripped        bool   `json:"stripped"` // it expired, and its bytes were given back
	Dot             Dot    `json:"dot"`
	DotText         string `json:"dot_text"`
	TimestampMillis int64  `json:"timestamp_ms"`
	ExpiresAtMillis *int64 `json:"expires_at_ms"`
}

// WriteAnswer is the answer of PUT /api/data/{key}.
type WriteAnswer struct {
	Key
	Context   string `json:"context"` // covers what was written
	Dot       Dot    `json:"dot"`
	DotText   string `json:"dot_text"`
	Clock     Clock  `json:"clock"` // of the key now
	ClockText string `json:"clock_text"`
	Trace     *Trace `json:"trace"`
}

// WriteRequest is the body of PUT /api/data/{key} as JSON.
type WriteRequest struct {
	Value     string  `json:"value"`
	Encoding  string  `json:"encoding,omitempty"` // utf8 (default) or base64
	Context   *string `json:"context,omitempty"`  // the versions that the writer has seen; empty: none; absent: all that the coordinator knows
	W         int     `json:"w,omitempty"`
	TTLMillis int64   `json:"ttl_ms,omitempty"`
}

// DeleteAnswer is the answer of DELETE /api/data/{key}.
type DeleteAnswer struct {
	Key
	Deleted bool   `json:"deleted"` // whether there was a value
	Context string `json:"context"`
	Trace   *Trace `json:"trace"`
}

// Key is a key in JSON.
type Key struct {
	Key      string `json:"key"`
	Encoding string `json:"encoding"` // utf8 or base64
}

// Value is a value in JSON, shortened if it is long.
type Value struct {
	Value     string `json:"value"`
	Encoding  string `json:"encoding"` // utf8 or base64
	Truncated bool   `json:"truncated"`
	Bytes     int    `json:"bytes"` // of the whole value
}
