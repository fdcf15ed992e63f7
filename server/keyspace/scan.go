package keyspace

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/glob"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// walkTimeout bounds a command that looks at the whole cluster.
const walkTimeout = 10 * time.Second

// maxScanCount is the greatest number of keys that one page is asked for.
const maxScanCount = 10000

// scanOptions are those of SCAN.
type scanOptions struct {
	match []byte
	count int64
	kind  string // of TYPE, in lower case; empty: any
}

func (o *scanOptions) parse(args [][]byte) string {
	for ; len(args) >= 2; args = args[2:] {
		switch value := args[1]; {
		case resp.Is(args[0], "MATCH"):
			o.match = value
		case resp.Is(args[0], "COUNT"):
			n, ok := number.ParseInt(value)
			if !ok {
				return command.TextNotInteger
			}
			if n < 1 {
				return command.TextSyntax
			}
			o.count = n
		case resp.Is(args[0], "TYPE"):
			o.kind = strings.ToLower(string(value))
		default:
			return command.TextSyntax
		}
	}
	if len(args) > 0 {
		return command.TextSyntax
	}
	return ""
}

// runScan serves SCAN cursor [MATCH glob] [COUNT n] [TYPE type].
func runScan(ctx context.Context, c *command.Call) {
	cursor, ok := number.ParseUint(c.Args[1])
	if !ok {
		c.Out.Error(command.TextBadCursor)
		return
	}
	o := scanOptions{count: 10}
	if refusal := o.parse(c.Args[2:]); refusal != "" {
		c.Out.Error(refusal)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	keys, next, err := c.Node.Store.ScanKeys(ctx, cursor, int(min(o.count, maxScanCount)))
	if err != nil {
		c.Fail(err)
		return
	}
	shown := keys[:0]
	for _, key := range keys {
		if o.match == nil || glob.Pattern(o.match).Match(key) {
			shown = append(shown, key)
		}
	}
	if o.kind != "" {
		if shown, err = ofType(ctx, c, shown, o.kind); err != nil {
			c.Fail(err)
			return
		}
	}
	c.Out.Array(2)
	c.Out.Text(strconv.FormatUint(next, 10))
	c.Out.Array(len(shown))
	for _, key := range shown {
		c.Out.Value(key)
	}
}

// ofType returns those of some keys that are of a type.
func ofType(ctx context.Context, c *command.Call, keys [][]byte, kind string) (shown [][]byte, err error) {
	c.InPieces(ctx, append([][]byte{nil}, keys...), command.PlanReads, func(_ *command.Sum, piece *command.Call) {
		for _, r := range piece.Requests {
			switch {
			case r.Err != nil:
				err = r.Err
			case typeOf(piece, r) == kind:
				shown = append(shown, r.Key)
			}
		}
	})
	return shown, err
}

// runKeys serves KEYS glob. All keys of the answer are in memory at once, as in Redis. An
// answer that is larger than a client's replies may be is refused.
func runKeys(ctx context.Context, c *command.Call) {
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	var shown [][]byte
	size, limit := int64(0), c.Node.Limits.Output.Load()
	for cursor := uint64(0); ; {
		keys, next, err := c.Node.Store.ScanKeys(ctx, cursor, maxScanCount)
		if err != nil {
			c.Fail(err)
			return
		}
		for _, key := range keys {
			if glob.Pattern(c.Args[1]).Match(key) {
				shown = append(shown, key)
				size += int64(len(key)) + 24
			}
		}
		if size > limit {
			c.Out.Error(command.TextReplyTooBig + "; use SCAN")
			return
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	c.Out.Array(len(shown))
	for _, key := range shown {
		c.Out.Value(key)
	}
}

func runRandomKey(ctx context.Context, c *command.Call) {
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	switch key, err := c.Node.Store.RandomKey(ctx); {
	case err != nil:
		c.Fail(err)
	case key == nil:
		c.Out.Null()
	default:
		c.Out.Value(key)
	}
}

func runDBSize(ctx context.Context, c *command.Call) {
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	n, err := c.Node.Store.DBSize(ctx)
	if err != nil {
		c.Fail(err)
		return
	}
	c.Out.Int(n)
}

// runFlush serves FLUSHALL and FLUSHDB, which are the same: there is one
// database. ASYNC and SYNC make no difference either.
func runFlush(ctx context.Context, c *command.Call) {
	if len(c.Args) > 2 || len(c.Args) == 2 && !resp.Is(c.Args[1], "ASYNC") && !resp.Is(c.Args[1], "SYNC") {
		c.Out.Error(command.TextSyntax)
		return
	}
	if err := c.Node.Store.Flush(ctx); err != nil {
		c.Fail(err)
		return
	}
	c.Out.OK()
}
