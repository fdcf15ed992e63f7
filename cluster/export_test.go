package cluster

import "github.com/quorate/quorate/cluster/settings"

// SettingsOf returns a node's copy of the cluster's settings, which it saves and does not
// push.
func SettingsOf(n *Node) *settings.Store { return n.settings }
