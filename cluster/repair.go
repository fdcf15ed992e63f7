package cluster

import (
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/recovery"
)

// assembleRepair puts together what makes copies equal, and knows whether this node's
// copies are whole.
func (n *Node) assembleRepair() {
	n.operations = operation.NewRegistry(operation.Config{Now: n.cfg.Now})
	log := n.cfg.Logger.With("component", "antientropy")
	n.exchanger = antientropy.NewExchanger(antientropy.Config{
		Self: n.id, Store: n.store, Channel: n.channel, Ring: n.state.Ring,
		RepairRate: int(n.cfg.AntiEntropyRate),
	})
	n.scheduler = antientropy.NewScheduler(antientropy.ScheduleConfig{
		Self: n.id, Ring: n.state.Ring, Exchanger: n.exchanger, Available: n.channel.Available,
		Logger: log, Tick: n.cfg.AntiEntropyInterval, Now: n.cfg.Now, Operations: n.operations,
	})
	n.reaper = antientropy.NewReaper(antientropy.ReapConfig{
		Self: n.id, Ring: n.state.Ring, Exchanger: n.exchanger, Available: n.channel.Available,
		Logger: log, Grace: n.cfg.TombstoneGrace, Now: n.cfg.Now,
	})
	n.recovery = recovery.New(recovery.Config{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Scheduler: n.scheduler,
		Grace: n.cfg.TombstoneGrace, Now: n.cfg.Now, Logger: n.log,
	})
}

// assembleHandoff puts together what brings hints and partitions to where they belong.
func (n *Node) assembleHandoff() {
	n.deliverer = handoff.NewDeliverer(handoff.HintConfig{
		Self: n.id, Store: n.store, Channel: n.channel, Ring: n.state.Ring,
		Logger: n.cfg.Logger.With("component", "handoff"), Now: n.cfg.Now,
	})
	n.mover = handoff.NewMover(handoff.MoverConfig{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Exchanger: n.exchanger,
		Announce: n.membership.Disseminator().Push, Done: n.membership.MarkDone, Available: n.membership.Alive,
		Logger: n.cfg.Logger.With("component", "handoff"), Grace: n.cfg.TombstoneGrace, Now: n.cfg.Now,
		Operations: n.operations,
	})
}

// RepairStatus tells how the work goes that makes copies equal, and moves them to where
// they belong.
type RepairStatus struct {
	Hints     handoff.HintStats
	Transfers handoff.MoverProgress
	Exchanges antientropy.Stats // of the comparisons that this node began
	Pairs     antientropy.Summary
	Failing   []antientropy.Progress // pairs whose last exchange failed, the first of them
	Reaping   antientropy.ReapStatus
}

// Repair returns the status of that work.
func (n *Node) Repair() RepairStatus {
	return RepairStatus{
		Hints: n.deliverer.Stats(), Transfers: n.mover.Progress(), Exchanges: n.exchanger.Totals(),
		Pairs: n.scheduler.Summary(), Failing: n.scheduler.Failing(), Reaping: n.reaper.Status(),
	}
}

// drained reports whether this node holds nothing that other nodes lack.
func (n *Node) drained() bool { return n.mover.Drained() && len(n.store.Hints().Targets()) == 0 }
