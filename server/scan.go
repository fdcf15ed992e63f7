package server

import (
	"context"
	"strconv"
	"time"

	"github.com/quorate/quorate/cluster/core/glob"
)

// scanTimeout bounds a command that looks at the whole cluster.
const scanTimeout = 10 * time.Second

// maxScanCount is the most keys that one page is asked to have: more than that
// only costs memory.
const maxScanCount = 10000

// scanOptions are those of SCAN.
type scanOptions struct {
	match  []byte
	count  int64
	filter bool // TYPE was given
	string bool // and it is the one type there is
}

func (o *scanOptions) parse(args [][]byte) string {
	for ; len(args) >= 2; args = args[2:] {
		switch value := args[1]; {
		case is(args[0], "MATCH"):
			o.match = value
		case is(args[0], "COUNT"):
			n, ok := parseInteger(value)
			if !ok {
				return textNotInteger
			}
			if n < 1 {
				return textSyntax
			}
			o.count = n
		case is(args[0], "TYPE"):
			o.filter, o.string = true, is(value, "STRING")
		default:
			return textSyntax
		}
	}
	if len(args) > 0 {
		return textSyntax
	}
	return ""
}

// runScan serves SCAN cursor [MATCH glob] [COUNT n] [TYPE type].
func runScan(ctx context.Context, s *session, _ *command, args [][]byte) {
	cursor, ok := parseUnsigned(args[1])
	if !ok {
		s.out.failure(textBadCursor)
		return
	}
	o := scanOptions{count: 10}
	if refusal := o.parse(args[2:]); refusal != "" {
		s.out.failure(refusal)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	keys, next, err := s.server.store.ScanKeys(ctx, cursor, int(min(o.count, maxScanCount)))
	if err != nil {
		s.fail(err)
		return
	}
	shown := keys[:0]
	for _, key := range keys {
		if (!o.filter || o.string) && (o.match == nil || glob.Match(o.match, key)) {
			shown = append(shown, key)
		}
	}
	s.out.array(2)
	s.out.text(strconv.FormatUint(next, 10))
	s.out.array(len(shown))
	for _, key := range shown {
		s.out.value(key)
	}
}

// runKeys serves KEYS glob. All keys of the answer are in memory at once, as in
// Redis, but no more than a client's replies may take.
func runKeys(ctx context.Context, s *session, _ *command, args [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	var shown [][]byte
	size, limit := int64(0), s.server.limits.output.Load()
	for cursor := uint64(0); ; {
		keys, next, err := s.server.store.ScanKeys(ctx, cursor, maxScanCount)
		if err != nil {
			s.fail(err)
			return
		}
		for _, key := range keys {
			if glob.Match(args[1], key) {
				shown = append(shown, key)
				size += int64(len(key)) + 24
			}
		}
		if size > limit {
			s.out.failure(textReplyTooBig + "; use SCAN")
			return
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	s.out.array(len(shown))
	for _, key := range shown {
		s.out.value(key)
	}
}

func runRandomKey(ctx context.Context, s *session, _ *command, _ [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	switch key, err := s.server.store.RandomKey(ctx); {
	case err != nil:
		s.fail(err)
	case key == nil:
		s.out.null()
	default:
		s.out.value(key)
	}
}

func runDBSize(ctx context.Context, s *session, _ *command, _ [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	n, err := s.server.store.DBSize(ctx)
	if err != nil {
		s.fail(err)
		return
	}
	s.out.integer(n)
}

// runFlush serves FLUSHALL and FLUSHDB, which are the same: there is one
// database. ASYNC and SYNC make no difference either.
func runFlush(ctx context.Context, s *session, _ *command, args [][]byte) {
	if len(args) > 2 || len(args) == 2 && !is(args[1], "ASYNC") && !is(args[1], "SYNC") {
		s.out.failure(textSyntax)
		return
	}
	if err := s.server.store.Flush(ctx); err != nil {
		s.fail(err)
		return
	}
	s.out.ok()
}

// runWait serves WAIT replicas timeout. A write is answered only when W
// replicas have it, this connection's earlier ones therefore have W-1 copies
// besides the first, at the least; there may be more by now, but nobody waits
// for them here.
func runWait(_ context.Context, s *session, _ *command, args [][]byte) {
	if _, ok := parseInteger(args[1]); !ok {
		s.out.failure(textNotInteger)
		return
	}
	switch timeout, ok := parseInteger(args[2]); {
	case !ok:
		s.out.failure("ERR timeout is not an integer or out of range")
	case timeout < 0:
		s.out.failure("ERR timeout is negative")
	default:
		s.out.integer(int64(orDefault(s.w, s.server.store.Ring().Quorums().W) - 1))
	}
}
