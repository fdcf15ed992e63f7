package admin

import (
	"encoding/base64"
	"fmt"
	"unicode/utf8"

	"github.com/quorate/quorate/admin/api"
)

// Encodings of bytes in JSON: UTF-8 text as it is, all else in base64.
const (
	encodingText   = "utf8"
	encodingBase64 = "base64"
)

// maxShown bounds how much of a value is shown.
const maxShown = 64 << 10

func keyOf(b []byte) api.Key {
	text, encoding := encodeText(b)
	return api.Key{Key: text, Encoding: encoding}
}

func valueOf(b []byte) api.Value {
	v := api.Value{Bytes: len(b)}
	if len(b) > maxShown {
		b, v.Truncated = cut(b, maxShown), true
	}
	v.Value, v.Encoding = encodeText(b)
	return v
}

// cut shortens b to at most that many bytes, between two characters if it is text.
func cut(b []byte, most int) []byte {
	for end := most; end > most-utf8.UTFMax; end-- {
		if utf8.RuneStart(b[end]) {
			return b[:end]
		}
	}
	return b[:most]
}

// encodeText returns b as it is in JSON, and its encoding.
func encodeText(b []byte) (text, encoding string) {
	if utf8.Valid(b) {
		return string(b), encodingText
	}
	return base64.StdEncoding.EncodeToString(b), encodingBase64
}

// decodeText undoes encodeText; no encoding means UTF-8.
func decodeText(text, encoding string) ([]byte, error) {
	switch encoding {
	case "", encodingText:
		return []byte(text), nil
	case encodingBase64:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%w: value: %w", errBadRequest, err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("%w: encoding %q, want %s or %s", errBadRequest, encoding, encodingText, encodingBase64)
}
