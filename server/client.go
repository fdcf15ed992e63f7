package server

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/quorate/quorate/server/resp"
)

const textBadName = "ERR Client names cannot contain spaces, newlines or special characters."

// identity is what a client says about itself.
type identity struct {
	name, library, version string
	resp3                  bool
	noEvict, noTouch       bool
	monitor                bool
}

// describe changes what other sessions see of this one.
func (s *session) describe(change func(*identity)) {
	s.public.Lock()
	defer s.public.Unlock()
	change(&s.public.identity)
}

func (s *session) identity() identity {
	s.public.Lock()
	defer s.public.Unlock()
	return s.public.identity
}

// printable tells whether a name can stand in CLIENT LIST.
func printable(name []byte) bool {
	return !slices.ContainsFunc(name, func(c byte) bool { return c < '!' || c > '~' })
}

func runClientID(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.Int(s.id) }

func runClientGetName(_ context.Context, s *session, _ *command, _ [][]byte) {
	if name := s.identity().name; name != "" {
		s.out.Text(name)
		return
	}
	s.out.Null()
}

func runClientSetName(_ context.Context, s *session, _ *command, args [][]byte) {
	if !printable(args[2]) {
		s.out.Error(textBadName)
		return
	}
	s.describe(func(i *identity) { i.name = string(args[2]) })
	s.out.OK()
}

func runClientSetInfo(_ context.Context, s *session, _ *command, args [][]byte) {
	var field func(*identity) *string
	switch {
	case resp.Is(args[2], "LIB-NAME"):
		field = func(i *identity) *string { return &i.library }
	case resp.Is(args[2], "LIB-VER"):
		field = func(i *identity) *string { return &i.version }
	default:
		s.out.Error("ERR Unrecognized option '" + string(args[2]) + "'")
		return
	}
	if !printable(args[3]) {
		s.out.Error("ERR " + strings.ToLower(string(args[2])) + " cannot contain spaces, newlines or special characters.")
		return
	}
	s.describe(func(i *identity) { *field(i) = string(args[3]) })
	s.out.OK()
}

func runClientInfo(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Verbatim(s.line(time.Now(), s.server.table.bySub["client|info"]) + "\n")
}

// runClientList serves CLIENT LIST [TYPE type | ID id …].
func runClientList(_ context.Context, s *session, c *command, args [][]byte) {
	var only []int64
	all := true
	switch {
	case len(args) == 2:
	case resp.Is(args[2], "TYPE") && len(args) == 4:
		var refusal string
		if all, refusal = normalType(args[3]); refusal != "" {
			s.out.Error(refusal)
			return
		}
	case resp.Is(args[2], "ID") && len(args) > 3:
		all = false
		for _, arg := range args[3:] {
			id, ok := resp.ParseInt(arg)
			if !ok {
				s.out.Error("ERR Invalid client ID")
				return
			}
			only = append(only, id)
		}
	default:
		s.out.Error(textSyntax)
		return
	}
	now := time.Now()
	var list strings.Builder
	for _, other := range s.server.clients() {
		if all || slices.Contains(only, other.id) {
			last := other.last.Load()
			if other == s {
				last = c
			}
			list.WriteString(other.line(now, last))
			list.WriteByte('\n')
		}
	}
	s.out.Verbatim(list.String())
}

// normalType tells whether a client type is the one that all clients here have.
func normalType(arg []byte) (bool, string) {
	switch {
	case resp.Is(arg, "NORMAL"):
		return true, ""
	case resp.Is(arg, "MASTER"), resp.Is(arg, "REPLICA"), resp.Is(arg, "SLAVE"), resp.Is(arg, "PUBSUB"):
		return false, ""
	}
	return false, "ERR Unknown client type '" + string(arg) + "'"
}

// line describes the connection as CLIENT LIST does. Libraries parse it and
// some fail on fields that they do not know.
func (s *session) line(now time.Time, last *command) string {
	i := s.identity()
	flags, name := "", "NULL"
	if i.monitor {
		flags += "O"
	}
	if i.noEvict {
		flags += "e"
	}
	if i.noTouch {
		flags += "T"
	}
	if flags == "" {
		flags = "N"
	}
	if last != nil {
		name = last.full
	}
	active, waiting, events := time.Unix(0, s.active.Load()), s.out.backlog(), "r"
	if waiting > 0 {
		events = "rw"
	}
	held := s.held.Load()
	room, query := int64(held>>32), int64(held&math.MaxUint32)
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=0 sub=0 psub=0 ssub=0 multi=-1 "+
		"qbuf=%d qbuf-free=%d argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=%d omem=%d tot-mem=%d events=%s cmd=%s user=%s "+
		"redir=-1 resp=%d lib-name=%s lib-ver=%s",
		s.id, s.conn.RemoteAddr(), s.conn.LocalAddr(), descriptor(s.conn), i.name, int(now.Sub(s.born).Seconds()), int(now.Sub(active).Seconds()),
		flags, query, room-query, b2b(waiting > 0), waiting, room+waiting, events, name, defaultUser, 2+b2b(i.resp3), i.library, i.version)
}

// descriptor is the number of a connection's file, 0 where it has none.
func descriptor(conn net.Conn) (number int) {
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { number = int(fd) })
		}
	}
	return number
}

func runClientNoEvict(_ context.Context, s *session, _ *command, args [][]byte) {
	s.toggle(args[2], func(i *identity, on bool) { i.noEvict = on })
}

func runClientNoTouch(_ context.Context, s *session, _ *command, args [][]byte) {
	s.toggle(args[2], func(i *identity, on bool) { i.noTouch = on })
}

func (s *session) toggle(arg []byte, set func(*identity, bool)) {
	on := resp.Is(arg, "ON")
	if !on && !resp.Is(arg, "OFF") {
		s.out.Error(textSyntax)
		return
	}
	s.describe(func(i *identity) { set(i, on) })
	s.out.OK()
}

func runClientReply(_ context.Context, s *session, _ *command, args [][]byte) {
	switch {
	case resp.Is(args[2], "ON"):
		s.mute = false
		s.out.OK()
	case resp.Is(args[2], "OFF"):
		s.mute = true
	case resp.Is(args[2], "SKIP"):
		s.skip = !s.mute
	default:
		s.out.Error(textSyntax)
	}
}

// runClientQuorum serves CLIENT QUORUM [R n] [W n]: the quorum of this
// connection's requests. 0 goes back to the cluster's. The answer is what is in
// force.
func runClientQuorum(_ context.Context, s *session, _ *command, args [][]byte) {
	r, w := s.r, s.w
	for i := 2; i < len(args); i += 2 {
		if i+1 == len(args) || !resp.Is(args[i], "R") && !resp.Is(args[i], "W") {
			s.out.Error(textSyntax)
			return
		}
		n := 0
		if string(args[i+1]) != "0" {
			var refusal string
			if n, refusal = s.quorum(args[i][0]&^0x20, args[i+1]); refusal != "" {
				s.out.Error(refusal)
				return
			}
		}
		if resp.Is(args[i], "R") {
			r = n
		} else {
			w = n
		}
	}
	s.r, s.w = r, w
	cluster := s.server.store.Ring().Quorums()
	s.out.Map(2)
	s.out.Text("r")
	s.out.Int(int64(orDefault(r, cluster.R)))
	s.out.Text("w")
	s.out.Int(int64(orDefault(w, cluster.W)))
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// runClientContexts serves CLIENT CONTEXTS ON|OFF.
func runClientContexts(_ context.Context, s *session, _ *command, args [][]byte) {
	on := resp.Is(args[2], "ON")
	switch {
	case !on && !resp.Is(args[2], "OFF"):
		s.out.Error(textSyntax)
	case on && !s.out.RESP3:
		s.out.Error("ERR CLIENT CONTEXTS needs RESP3, see HELLO 3; in RESP2 use GET key CONTEXT")
	default:
		s.contexts = on
		s.out.OK()
	}
}

func runClientGetRedir(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.Int(-1) }

func runClientTrackingInfo(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Map(3)
	s.out.Text("flags")
	s.out.Set(1)
	s.out.Text("off")
	s.out.Text("redirect")
	s.out.Int(-1)
	s.out.Text("prefixes")
	s.out.Array(0)
}

func runClientTracking(_ context.Context, s *session, _ *command, args [][]byte) {
	if resp.Is(args[2], "OFF") {
		s.out.OK()
		return
	}
	s.out.Error("ERR 'client|tracking' is not supported: there is no invalidation of client-side caches; disable the client's cache")
}

func runClientCaching(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
}

// runClientUnblock serves CLIENT UNBLOCK id [TIMEOUT|ERROR]. No command blocks.
func runClientUnblock(_ context.Context, s *session, _ *command, args [][]byte) {
	switch _, ok := resp.ParseInt(args[2]); {
	case len(args) > 4:
		s.out.Error("ERR unknown subcommand or wrong number of arguments for '" + cut(args[1]) + "'. Try CLIENT HELP.")
	case len(args) == 4 && !resp.Is(args[3], "TIMEOUT") && !resp.Is(args[3], "ERROR"):
		s.out.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	case !ok:
		s.out.Error(textNotInteger)
	default:
		s.out.Int(0)
	}
}
