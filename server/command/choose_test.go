package command

import (
	"context"
	"strings"
	"testing"
)

func testTable() *Table {
	run := func(context.Context, *Call) {}
	return NewTable(map[string]string{"multi": "no transactions", "cluster|meet": "use --join"}, []Row{
		{Name: "get", Arity: -2, Flags: "readonly fast", Keys: Key("RO"), Plan: func(*Call) {}},
		{Name: "mset", Arity: -3, Flags: "write", Keys: Pairs("OW"), Plan: func(*Call) {}},
		{Name: "set", Arity: -3, Flags: "write", Keys: Key("RW access update variable_flags"), Plan: func(*Call) {}},
		{Name: "auth", Arity: -2, Flags: "no_auth", Secret: Always, Run: run},
	}, []Row{
		{Name: "cluster", Arity: -2, ClusterOnly: true, Subcommands: []Row{{Name: "info", Arity: 2, ClusterOnly: true, Run: run}}},
	})
}

// The order of the checks is that of Redis: unknown commands and wrong arity come
// before authentication.
func TestTable_Choose_RefusesInTheOrderOfRedis(t *testing.T) {
	table := testTable()
	in := Rights{Authenticated: true}
	for _, c := range []struct {
		line   string
		rights Rights
		want   string // how the refusal begins
	}{
		{"GET a", in, ""},
		{"gEt a", in, ""},
		{"GET a", Rights{}, "NOAUTH "},
		{"GET", Rights{}, "ERR wrong number of arguments for 'get'"},
		{"NOSUCH", Rights{}, "ERR unknown command 'NOSUCH'"},
		{"AUTH x", Rights{}, ""},
		{"MULTI", Rights{}, "NOAUTH "},
		{"MULTI", in, "ERR 'multi' is not supported: no transactions"},
		{"CLUSTER", in, "ERR wrong number of arguments for 'cluster'"},
		{"CLUSTER NOSUCH", in, "ERR unknown subcommand 'NOSUCH'"},
		{"CLUSTER INFO", in, ""},
		{"CLUSTER INFO x", in, "ERR wrong number of arguments for 'cluster|info'"},
		{"CLUSTER INFO", Rights{Authenticated: true, Standalone: true}, TextNoCluster},
		{"CLUSTER MEET x", in, "ERR 'cluster|meet' is not supported: use --join"},
		{"CLUSTER MEET x", Rights{Authenticated: true, Standalone: true}, TextNoCluster},
	} {
		var args [][]byte
		for _, word := range strings.Fields(c.line) {
			args = append(args, []byte(word))
		}
		_, refusal := table.Choose(args, c.rights)
		if (refusal == "") != (c.want == "") || !strings.HasPrefix(refusal, c.want) {
			t.Errorf("%s with %+v: %q, want %q", c.line, c.rights, refusal, c.want)
		}
	}
}

func TestTable_KeysOf_FindsEveryKey(t *testing.T) {
	table := testTable()
	for line, want := range map[string]string{
		"MSET a 1 b 2": "a b", "GET k": "k", "AUTH x": "!", "NOSUCH": "!", "MSET a": "!",
	} {
		words := strings.Fields(line)
		var args [][]byte
		for _, word := range words {
			args = append(args, []byte(word))
		}
		_, positions, refusal := table.KeysOf(args)
		var keys []string
		for _, at := range positions {
			keys = append(keys, words[at])
		}
		if got := strings.Join(keys, " "); got != want && !(want == "!" && refusal != "") {
			t.Errorf("%s: %q, refusal %q", line, got, refusal)
		}
	}
}

func TestKeys_AccessOf_DependsOnTheCall(t *testing.T) {
	two := TwoKeys("OW update;RO access")
	varying := Key("RW access update variable_flags")
	varying.Varying = func(args [][]byte) string { return string(args[1]) }
	args := [][]byte{[]byte("NAME"), []byte("flags"), []byte("b"), []byte("c")}
	for i, want := range []string{"OW update", "RO access", "RO access"} {
		if got := two.AccessOf(i, args); got != want {
			t.Errorf("key %d: %q, want %q", i, got, want)
		}
	}
	if got := varying.AccessOf(0, args); got != "flags" {
		t.Errorf("%q, want what the call says", got)
	}
}

func TestRow_Shown_HidesSecretsAndAdministration(t *testing.T) {
	table := testTable()
	if table.Find([]byte("auth")).Shown() || !table.Find([]byte("get")).Shown() {
		t.Error("MONITOR would show a password, or no GET")
	}
}
