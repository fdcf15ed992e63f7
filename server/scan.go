package server

import (
	"context"
	"strconv"
	"time"

	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/server/resp"
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
		case resp.Is(args[0], "MATCH"):
			o.match = value
		case resp.Is(args[0], "COUNT"):
			n, ok := resp.ParseInt(value)
			if !ok {
				return textNotInteger
			}
			if n < 1 {
				return textSyntax
			}
			o.count = n
		case resp.Is(args[0], "TYPE"):
			o.filter, o.string = true, resp.Is(value, "STRING")
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
	cursor, ok := resp.ParseUint(args[1])
	if !ok {
		s.out.Error(textBadCursor)
		return
	}
	o := scanOptions{count: 10}
	if refusal := o.parse(args[2:]); refusal != "" {
		s.out.Error(refusal)
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
	s.out.Array(2)
	s.out.Text(strconv.FormatUint(next, 10))
	s.out.Array(len(shown))
	for _, key := range shown {
		s.out.Value(key)
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
			s.out.Error(textReplyTooBig + "; use SCAN")
			return
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	s.out.Array(len(shown))
	for _, key := range shown {
		s.out.Value(key)
	}
}

func runRandomKey(ctx context.Context, s *session, _ *command, _ [][]byte) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	switch key, err := s.server.store.RandomKey(ctx); {
	case err != nil:
		s.fail(err)
	case key == nil:
		s.out.Null()
	default:
		s.out.Value(key)
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
	s.out.Int(n)
}

// runFlush serves FLUSHALL and FLUSHDB, which are the same: there is one
// database. ASYNC and SYNC make no difference either.
func runFlush(ctx context.Context, s *session, _ *command, args [][]byte) {
	if len(args) > 2 || len(args) == 2 && !resp.Is(args[1], "ASYNC") && !resp.Is(args[1], "SYNC") {
		s.out.Error(textSyntax)
		return
	}
	if err := s.server.store.Flush(ctx); err != nil {
		s.fail(err)
		return
	}
	s.out.OK()
}

// runWait serves WAIT replicas timeout. A write is answered only when W
// replicas have it, this connection's earlier ones therefore have W-1 copies
// besides the first, at the least; there may be more by now, but nobody waits
// for them here.
func runWait(_ context.Context, s *session, _ *command, args [][]byte) {
	if _, ok := resp.ParseInt(args[1]); !ok {
		s.out.Error(textNotInteger)
		return
	}
	switch timeout, ok := resp.ParseInt(args[2]); {
	case !ok:
		s.out.Error("ERR timeout is not an integer or out of range")
	case timeout < 0:
		s.out.Error("ERR timeout is negative")
	default:
		s.out.Int(int64(orDefault(s.w, s.server.store.Ring().Quorums().W) - 1))
	}
}
