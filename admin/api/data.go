package api

// KeyPage is what GET /api/data answers.
type KeyPage struct {
	Keys   []Key  `json:"keys"`
	Cursor string `json:"cursor"` // to go on with; "0" at the end
}

// ReadAnswer is what GET /api/data/{key} answers.
type ReadAnswer struct {
	Key
	Found     bool      `json:"found"`
	Resolved  *Value    `json:"resolved"` // what a plain GET answers; null: nothing, or the conflict is an error
	Values    []Value   `json:"values"`   // live ones
	Context   string    `json:"context"`  // to write with
	Clock     Clock     `json:"clock"`
	ClockText string    `json:"clock_text"`
	Siblings  []Sibling `json:"siblings"` // deleted and expired ones too
	Trace     *Trace    `json:"trace"`
}

// Sibling is one value of a key and the event that made it.
type Sibling struct {
	Value
	Tombstone       bool   `json:"tombstone"`
	Dot             Dot    `json:"dot"`
	DotText         string `json:"dot_text"`
	TimestampMillis int64  `json:"timestamp_ms"`
	ExpiresAtMillis *int64 `json:"expires_at_ms"`
}

// WriteAnswer is what PUT /api/data/{key} answers.
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
	Context   *string `json:"context,omitempty"`  // what the writer has seen; empty: nothing
	W         int     `json:"w,omitempty"`
	TTLMillis int64   `json:"ttl_ms,omitempty"`
}

// DeleteAnswer is what DELETE /api/data/{key} answers.
type DeleteAnswer struct {
	Key
	Deleted bool   `json:"deleted"` // there was something
	Context string `json:"context"`
	Trace   *Trace `json:"trace"`
}

// Key is a key as JSON carries it.
type Key struct {
	Key      string `json:"key"`
	Encoding string `json:"encoding"` // utf8 or base64
}

// Value is a value as JSON carries it, as far as it is shown.
type Value struct {
	Value     string `json:"value"`
	Encoding  string `json:"encoding"` // utf8 or base64
	Truncated bool   `json:"truncated"`
	Bytes     int    `json:"bytes"` // of the whole value
}
