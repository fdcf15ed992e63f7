package server

import (
	"bytes"
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/resp"
)

// Commands that need more than one request, each depending on the last. None of
// them is atomic: between the steps other clients, and failures, can be seen.
// They are ordered so that a failure in the middle leaves too much rather than
// too little, and never overwrites what the command may not overwrite.

// ask carries out one read. The slot, and what it found, live until the next ask
// or tell.
func (s *session) ask(ctx context.Context, key []byte) *slot {
	return s.single(ctx, key, nil)
}

// tell carries out one update.
func (s *session) tell(ctx context.Context, key []byte, u register.Update) *slot {
	return s.single(ctx, key, &u)
}

func (s *session) single(ctx context.Context, key []byte, u *register.Update) *slot {
	s.batch.release()
	sl := s.batch.take(key)
	sl.R, sl.W = s.r, s.w
	if u != nil {
		sl.update = *u
		sl.Update = &sl.update
	}
	s.server.store.Do(ctx, s.batch.requests)
	return sl
}

// runRename serves RENAME and RENAMENX: the new key is written before the old
// one is deleted, and only what was read is deleted: a value that somebody
// writes to the old key meanwhile stays.
func runRename(ctx context.Context, s *session, c *command, args [][]byte) {
	onlyNew := c.name == "renamenx"
	from := s.ask(ctx, args[1])
	value, found, err := s.value(from)
	seen := from.Object.Clock.Clone()
	switch {
	case err != nil:
		s.fail(err)
		return
	case !found:
		s.out.Error(textNoSuchKey)
		return
	case string(args[1]) == string(args[2]):
		s.renamed(onlyNew, false)
		return
	}
	put := copyOf(value)
	if onlyNew {
		put.Condition = register.IfAbsent
	}
	to := s.tell(ctx, args[2], put)
	if s.refused(c, to) {
		return
	}
	if !to.Result.Applied {
		s.renamed(onlyNew, false)
		return
	}
	gone := s.tell(ctx, args[1], register.Update{Kind: register.Delete, Context: seen, HasContext: true})
	if !s.refused(c, gone) {
		s.renamed(onlyNew, true)
	}
}

func (s *session) renamed(onlyNew, done bool) {
	if onlyNew {
		s.out.Flag(done)
		return
	}
	s.out.OK()
}

// copyOf is the update that writes a value with its expiry. The value was lent by
// a request that is about to be used again.
func copyOf(v object.Value) register.Update {
	return register.Update{Kind: register.Set, Data: bytes.Clone(v.Data), Expiry: v.Expiry}
}

// runCopy serves COPY source destination [DB n] [REPLACE].
func runCopy(ctx context.Context, s *session, c *command, args [][]byte) {
	put := register.Update{Condition: register.IfAbsent}
	for i := 3; i < len(args); i++ {
		switch {
		case resp.Is(args[i], "REPLACE"):
			put.Condition = register.Always
		case resp.Is(args[i], "DB") && i+1 < len(args):
			i++
			if refusal := checkDatabase(args[i]); refusal != "" {
				s.out.Error(refusal)
				return
			}
		default:
			s.out.Error(textSyntax)
			return
		}
	}
	if string(args[1]) == string(args[2]) {
		s.out.Error(textSameObject)
		return
	}
	value, found, err := s.value(s.ask(ctx, args[1]))
	switch {
	case err != nil:
		s.fail(err)
		return
	case !found:
		s.out.Int(0)
		return
	}
	condition := put.Condition
	put = copyOf(value)
	put.Condition = condition
	if to := s.tell(ctx, args[2], put); !s.refused(c, to) {
		s.out.Flag(to.Result.Applied)
	}
}

// checkDatabase refuses every database but the one there is.
func checkDatabase(arg []byte) string {
	switch n, ok := resp.ParseInt(arg); {
	case !ok:
		return textNotInteger
	case n != 0:
		return textDBIndex
	}
	return ""
}

// runMSetNX looks whether any of the keys exists, and only then writes them, each
// one only if it still does not exist: what a race leaves half done is answered
// with 0.
func runMSetNX(ctx context.Context, s *session, c *command, args [][]byte) {
	if len(args)%2 == 0 {
		s.out.Error(wrongArity(c))
		return
	}
	latest := make(map[string][]byte, len(args)/2) // a key named twice: the last counts
	keys := make([][]byte, 1, len(args)/2+1)
	for i := 1; i < len(args); i += 2 {
		if _, twice := latest[string(args[i])]; !twice {
			keys = append(keys, args[i])
		}
		latest[string(args[i])] = args[i+1]
	}
	before := s.inPieces(ctx, c, keys, planExists, false)
	if before.refusal != "" || before.count > 0 {
		before.count = 0
		before.replyCount(s)
		return
	}
	after := s.inPieces(ctx, c, keys, func(s *session, e *entry) {
		for _, key := range e.args[1:] {
			_, u := s.store(e, key, register.Set, latest[string(key)])
			u.Condition = register.IfAbsent
		}
	}, false)
	switch {
	case after.refusal != "":
		s.out.Error(after.refusal)
	default:
		s.out.Flag(after.count == 0) // none existed when its turn came
	}
}
