package server

import (
	"context"

	"github.com/quorate/quorate/server/resp"
)

// lookAround decides whether sessions must look before each command: while some
// client watches, or a pause is in force. Otherwise they pay one load for it.
func (s *Server) lookAround() {
	s.around.Lock()
	defer s.around.Unlock()
	s.attention.Store(s.monitors.any() || s.pause.paused())
}

// attend is what happens before a command while someone asked for attention. It
// returns the command's arguments anew.
func (s *session) attend(ctx context.Context, c *command, args [][]byte, raw []byte, kind resp.Shape) ([][]byte, error) {
	if !c.urgent && s.wait(ctx, c) {
		again, err := s.batch.parse(raw, kind)
		if err != nil {
			return nil, err
		}
		args = again
	}
	if c.shown {
		s.server.monitors.show(s, args)
	}
	return args, nil
}
