package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/stringcmd"
	"github.com/quorate/quorate/server/topology"
)

func newConn(t *testing.T) *commandtest.Conn {
	t.Helper()
	return commandtest.New(t, nil, topology.Rows(), stringcmd.Rows())
}

func TestCluster_OneNode_ServesAllSlots(t *testing.T) {
	c := newConn(t)
	id := fmt.Sprintf("%016x%024x", uint64(ring.IDOf("A")), 0)
	c.Play([]commandtest.Line{
		{"CLUSTER MYID", "$40 " + id},
		{"CLUSTER SLOTS", "*1 *3 :0 :16383 *4 $9 127.0.0.1 :1 $40 " + id + " *0"},
		{"CLUSTER REPLICAS " + id, "*0"},
		{"CLUSTER REPLICAS nosuch", "-ERR Unknown node nosuch"},
		{"CLUSTER COUNT-FAILURE-REPORTS " + id, ":0"},
		{"READONLY", "+OK"}, {"READWRITE", "+OK"}, {"ASKING", "+OK"},
	})
	for line, want := range map[string]string{
		"CLUSTER INFO":  "cluster_state:ok",
		"CLUSTER NODES": id + " 127.0.0.1:1@2 myself,master",
	} {
		if got := c.Do(line); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q: %s", line, want, got)
		}
	}
}

func TestCluster_Slots_AreThoseOfRedis(t *testing.T) {
	c := newConn(t)
	c.Do("MSET {foo}1 a {foo}2 b other c")
	c.Play([]commandtest.Line{
		{"CLUSTER KEYSLOT foo", ":12182"},
		{"CLUSTER KEYSLOT bar{foo}", ":12182"},
		{"CLUSTER COUNTKEYSINSLOT 12182", ":2"},
		{"CLUSTER COUNTKEYSINSLOT 16384", "-ERR Invalid slot"},
		{"CLUSTER COUNTKEYSINSLOT x", "-ERR value is not an integer or out of range"},
		{"CLUSTER GETKEYSINSLOT 12182 1", "*1 $6 {foo}1"},
		{"CLUSTER GETKEYSINSLOT 12182 10", "*2 $6 {foo}1 $6 {foo}2"},
		{"CLUSTER GETKEYSINSLOT 12182 -1", "-ERR Invalid slot or number of keys"},
	})
}

func TestDynamo_Preflist_NamesTheNodesOfAKey(t *testing.T) {
	got := newConn(t).Do("DYNAMO PREFLIST foo")
	if !strings.HasPrefix(got, "*6 $4 slot :12182 $9 partition :11 $15 preference list *1 ") || !strings.HasSuffix(got, "A primary up 127.0.0.1:1") {
		t.Error(got)
	}
}

func TestDynamo_Trace_TakesCommandsOnOneKey(t *testing.T) {
	c := newConn(t)
	c.Play([]commandtest.Line{
		{"DYNAMO TRACE INCR k", "-ERR DYNAMO TRACE takes GET, SET or DEL"},
		{"DYNAMO TRACE SET k", "-ERR wrong number of arguments for 'set' command"},
		{"DYNAMO TRACE SET k v NX XX", "-ERR syntax error"},
		{"GET k", "$-1"},
	})
}

func TestLolwut_DrawsTheRing(t *testing.T) {
	if got := newConn(t).Do("LOLWUT"); !strings.Contains(got, "A") {
		t.Error(got)
	}
}
