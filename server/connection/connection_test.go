package connection_test

import (
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/connection"
)

// peer is a connection of the node; the first one is the client's own.
type peer struct {
	commandtest.Session
	id            int64
	identity      command.Identity
	authenticated bool
	replies       command.ReplyMode
	ended, killed bool
	resets        int
}

func (p *peer) ID() int64                               { return p.id }
func (p *peer) LocalAddress() string                    { return "127.0.0.1:6379" }
func (p *peer) Identity() command.Identity              { return p.identity }
func (p *peer) Describe(change func(*command.Identity)) { change(&p.identity) }
func (p *peer) Authenticated() bool                     { return p.authenticated }
func (p *peer) SetAuthenticated(yes bool)               { p.authenticated = yes }
func (p *peer) SetReplies(mode command.ReplyMode)       { p.replies = mode }
func (p *peer) EndAfterReplies()                        { p.ended = true }
func (p *peer) Reset()                                  { p.resets++ }
func (p *peer) Kill()                                   { p.killed = true }
func (p *peer) Status() connection.Status {
	return connection.Status{Identity: p.identity, Since: time.Now(), LastActive: time.Now(), InputBytes: 3, InputRoom: 10}
}

// peers are the connections of the node.
type peers []*peer

func (p peers) Clients() (all []connection.Client) {
	for _, c := range p {
		all = append(all, c)
	}
	return all
}

func newConn(t *testing.T, password string) (*commandtest.Conn, *connection.Family, peers) {
	t.Helper()
	all := peers{
		{Session: commandtest.Session{Addr: "127.0.0.1:9"}, id: 1, authenticated: password == ""},
		{Session: commandtest.Session{Addr: "127.0.0.1:10"}, id: 2},
		{Session: commandtest.Session{Addr: "127.0.0.1:11"}, id: 3},
	}
	f := &connection.Family{Users: auth.NewUsers(password), Clients: all, Pause: &connection.Pause{Changed: func() {}}}
	return commandtest.New(t, all[0], f.Rows()), f, all
}

func TestHello_SwitchesTheProtocolAndNamesTheClient(t *testing.T) {
	c, _, all := newConn(t, "")
	c.Play([]commandtest.Line{
		{"HELLO x", "-ERR Protocol version is not an integer or out of range"},
		{"HELLO 4", "-NOPROTO unsupported protocol version"},
		{"HELLO 3 SETNAME", "-ERR Syntax error in HELLO option 'SETNAME'"},
		{"HELLO 3 SETNAME me", "%7 $6 server $5 redis $7 version $5 " + command.RedisVersion + " $5 proto :3 $2 id :1 $4 mode $7 cluster $4 role $6 master $7 modules *0"},
		{"CLIENT GETNAME", "$2 me"},
	})
	if !all[0].identity.RESP3 {
		t.Error("CLIENT LIST does not know of RESP3")
	}
	c.Play([]commandtest.Line{{"RESET", "+RESET"}, {"CLIENT GETNAME", "$-1"}})
	if all[0].resets != 1 || all[0].identity.RESP3 || c.Client.Out.RESP3 {
		t.Error("RESET left something of the session")
	}
}

func TestHello_WithoutThePassword_ChangesNothing(t *testing.T) {
	c, _, all := newConn(t, "secret")
	c.Play([]commandtest.Line{
		{"HELLO 3 AUTH default wrong SETNAME me", "-" + command.TextWrongPass},
	})
	if got := c.Do("HELLO 3"); !strings.HasPrefix(got, "-NOAUTH ") {
		t.Error(got)
	}
	if all[0].authenticated || c.Client.Out.RESP3 || all[0].identity.Name != "" {
		t.Errorf("%+v", all[0])
	}
	if got := c.Do("HELLO 2 AUTH default secret"); !strings.HasPrefix(got, "*14 ") || !all[0].authenticated {
		t.Error(got)
	}
}

func TestClientKill_Filters_SelectConnections(t *testing.T) {
	for _, test := range []struct {
		line, want string
		killed     string // ids
		own        bool
	}{
		{"CLIENT KILL 127.0.0.1:10", "+OK", "2", false},
		{"CLIENT KILL 127.0.0.1:99", "-ERR No such client", "", false},
		{"CLIENT KILL ID 3", ":1", "3", false},
		{"CLIENT KILL ID 0", "-ERR client-id should be greater than 0", "", false},
		{"CLIENT KILL TYPE normal", ":2", "23", false},
		{"CLIENT KILL TYPE replica", ":0", "", false},
		{"CLIENT KILL TYPE normal SKIPME no", ":3", "23", true},
		{"CLIENT KILL LADDR 127.0.0.1:6379 ADDR 127.0.0.1:11", ":1", "3", false},
		{"CLIENT KILL USER nobody", "-ERR No such user 'nobody'", "", false},
		{"CLIENT KILL ID 2 SKIPME", "-ERR syntax error", "", false},
		{"CLIENT KILL 127.0.0.1:9", "+OK", "", true},
	} {
		c, _, all := newConn(t, "")
		if got := c.Do(test.line); got != test.want {
			t.Errorf("%s: %s, want %s", test.line, got, test.want)
		}
		killed := ""
		for _, p := range all {
			if p.killed {
				killed += string('0' + byte(p.id))
			}
		}
		if killed != test.killed || all[0].ended != test.own {
			t.Errorf("%s: killed %q, its own %v; want %q, %v", test.line, killed, all[0].ended, test.killed, test.own)
		}
	}
}

func TestClientList_ShowsThoseAskedFor(t *testing.T) {
	c, _, _ := newConn(t, "")
	c.Play([]commandtest.Line{{"CLIENT SETNAME me", "+OK"}, {"CLIENT SETINFO LIB-NAME lib", "+OK"}, {"CLIENT NO-EVICT on", "+OK"}})
	for _, test := range []struct {
		line string
		want []string // ids
	}{
		{"CLIENT LIST", []string{"1", "2", "3"}},
		{"CLIENT LIST ID 3 1", []string{"1", "3"}},
		{"CLIENT LIST TYPE pubsub", nil},
		{"CLIENT INFO", []string{"1"}},
	} {
		got := c.Do(test.line)
		if n := strings.Count(got, "id="); n != len(test.want) {
			t.Errorf("%s shows %d connections: %s", test.line, n, got)
		}
		for _, id := range test.want {
			if !strings.Contains(got, "id="+id+" ") {
				t.Errorf("%s does not show %s", test.line, id)
			}
		}
	}
	if got := c.Do("CLIENT LIST ID 1"); !strings.Contains(got, "name=me age=0 idle=0 flags=e ") || !strings.Contains(got, "qbuf=3 qbuf-free=7 ") ||
		!strings.Contains(got, "cmd=client|list ") || !strings.Contains(got, "lib-name=lib ") {
		t.Error(got)
	}
	c.Play([]commandtest.Line{
		{"CLIENT LIST ID x", "-ERR Invalid client ID"},
		{"CLIENT LIST TYPE x", "-ERR Unknown client type 'x'"},
		{"CLIENT LIST SOMETHING", "-ERR syntax error"},
	})
	if got := c.DoArgs("CLIENT", "SETNAME", "two words"); got != "-ERR Client names cannot contain spaces, newlines or special characters." {
		t.Error(got)
	}
}

func TestClientQuorum_HoldsForThisConnection(t *testing.T) {
	c, _, _ := newConn(t, "")
	c.Play([]commandtest.Line{
		{"CLIENT QUORUM", "*4 $1 r :1 $1 w :1"}, // one member
		{"CLIENT QUORUM R 3", "*4 $1 r :3 $1 w :1"},
		{"CLIENT QUORUM W 4", "-ERR W must be between 1 and N, which is 3"},
		{"CLIENT QUORUM w 2", "*4 $1 r :3 $1 w :2"},
		{"CLIENT QUORUM R 0 W", "-ERR syntax error"},
		{"CLIENT QUORUM R 0", "*4 $1 r :1 $1 w :2"},
	})
	if c.Client.Options != (command.Options{W: 2}) {
		t.Errorf("%+v", c.Client.Options)
	}
}

func TestClientContexts_NeedRESP3(t *testing.T) {
	c, _, _ := newConn(t, "")
	c.Play([]commandtest.Line{{"CLIENT CONTEXTS ON", "-ERR CLIENT CONTEXTS needs RESP3, see HELLO 3; in RESP2 use GET key CONTEXT"}})
	c.Do("HELLO 3")
	c.Play([]commandtest.Line{{"CLIENT CONTEXTS MAYBE", "-ERR syntax error"}, {"CLIENT CONTEXTS ON", "+OK"}})
	if !c.Client.Options.Contexts {
		t.Error("CONTEXTS is not on")
	}
}

func TestClientReply_AsksTheSession(t *testing.T) {
	c, _, all := newConn(t, "")
	c.Play([]commandtest.Line{{"CLIENT REPLY SKIP", ""}})
	if all[0].replies != command.ReplySkip {
		t.Error(all[0].replies)
	}
	c.Play([]commandtest.Line{{"CLIENT REPLY ON", "+OK"}, {"CLIENT REPLY NEVER", "-ERR syntax error"}, {"QUIT", "+OK"}})
	if !all[0].ended {
		t.Error("QUIT does not end the connection")
	}
}

func TestPause_HoldsUntilItsEnd(t *testing.T) {
	changed := 0
	p := &connection.Pause{Changed: func() { changed++ }}
	if p.InForce() {
		t.Fatal("a pause that nobody began")
	}
	end := time.Now().Add(time.Hour)
	p.Begin(end, connection.WritesOnly)
	if left, _ := p.Left(false); left != 0 {
		t.Errorf("a read waits for %v", left)
	}
	left, ended := p.Left(true)
	if left < 59*time.Minute {
		t.Errorf("a write waits for %v", left)
	}
	p.Begin(end.Add(-30*time.Minute), connection.AllCommands) // of two ends the later, of two scopes the wider
	<-ended
	if left, _ := p.Left(false); left < 59*time.Minute {
		t.Errorf("a read waits for %v", left)
	}
	p.End()
	if p.InForce() || changed != 3 {
		t.Errorf("in force %v, %d changes", p.InForce(), changed)
	}
}

func TestClientPause_Refuses(t *testing.T) {
	c, f, _ := newConn(t, "")
	c.Play([]commandtest.Line{
		{"CLIENT PAUSE x", "-ERR timeout is not an integer or out of range"},
		{"CLIENT PAUSE -1", "-ERR timeout is negative"},
		{"CLIENT PAUSE 1000 SOME", "-ERR CLIENT PAUSE mode must be WRITE or ALL"},
		{"CLIENT PAUSE 1000 WRITE now", "-ERR syntax error"},
		{"CLIENT PAUSE 3600000 WRITE", "+OK"},
	})
	if !f.Pause.InForce() {
		t.Error("no pause is in force")
	}
	c.Play([]commandtest.Line{{"CLIENT UNPAUSE", "+OK"}})
	if f.Pause.InForce() {
		t.Error("the pause goes on")
	}
}

func TestSelect_KnowsOneDatabase(t *testing.T) {
	c, _, _ := newConn(t, "")
	c.Play([]commandtest.Line{
		{"SELECT 0", "+OK"}, {"SELECT 1", "-ERR SELECT is not allowed in cluster mode"}, {"SELECT x", "-ERR value is not an integer or out of range"},
		{"PING", "+PONG"}, {"PING hello", "$5 hello"}, {"PING a b", "-ERR wrong number of arguments for 'ping' command"}, {"ECHO hello", "$5 hello"},
	})
	c.Client.Node.Standalone = true
	c.Play([]commandtest.Line{{"SELECT 1", "-ERR DB index is out of range"}})
}
