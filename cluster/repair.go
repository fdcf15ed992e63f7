package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/operation"
)

// assembleRepair puts together what makes copies equal and brings them where
// they belong.
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
	n.mover = handoff.NewMover(handoff.MoverConfig{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Exchanger: n.exchanger,
		Announce: n.membership.Push, Done: n.membership.MarkDone, Available: n.membership.Alive,
		Logger: n.cfg.Logger.With("component", "handoff"), Grace: n.cfg.TombstoneGrace, Now: n.cfg.Now,
		Operations: n.operations,
	})
}

// RepairStatus says how the work goes that makes copies equal and brings them where
// they belong.
type RepairStatus struct {
	Hints     handoff.HintStats
	Transfers handoff.MoverProgress
	Exchanges antientropy.Stats // of the comparisons that this node began
	Pairs     antientropy.Summary
	Failing   []antientropy.Progress // pairs whose last exchange failed, the first of them
	Reaping   antientropy.ReapStatus
}

// Repair returns how the work goes that makes copies equal.
func (n *Node) Repair() RepairStatus {
	return RepairStatus{
		Hints: n.deliverer.Stats(), Transfers: n.mover.Progress(), Exchanges: n.exchanger.Totals(),
		Pairs: n.scheduler.Summary(), Failing: n.scheduler.Failing(), Reaping: n.reaper.Status(),
	}
}

// Operations lists the node's long work.
func (n *Node) Operations() *operation.Registry { return n.operations }

// drained reports whether this node holds nothing that other nodes lack.
func (n *Node) drained() bool { return n.mover.Drained() && len(n.store.Hints().Targets()) == 0 }

// Inspect compares this node's copy of a partition with a member's, and changes
// nothing.
func (n *Node) Inspect(ctx context.Context, member ring.NodeID, p ring.Partition) (antientropy.Diff, error) {
	return n.exchanger.Inspect(ctx, member, p)
}

// SyncAll makes this node's copies equal with those of every member it shares
// partitions with, now instead of in their turn.
func (n *Node) SyncAll(ctx context.Context) (antientropy.Stats, error) {
	return n.scheduler.SyncAll(ctx)
}

// awaitFilled lets a node whose data was lost say what it does not have as soon
// as it has everything again.
func (n *Node) awaitFilled(ctx context.Context) error {
	if !n.store.DiskLoss().Unrepaired() {
		return nil
	}
	n.log.Warn("the data was lost; until the others have filled this node, it answers for what it has only")
	for filled := false; !filled; {
		before := n.state.Ring()
		if n.scheduler.AwaitEqual(ctx) != nil {
			return nil // the next start begins again
		}
		// What it gains, or came to own meanwhile, it must have as well.
		now := n.state.Ring()
		if filled = now.Epoch() == before.Epoch() && len(now.Gains(n.id)) == 0; !filled {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Second):
			}
		}
	}
	if err := n.store.DiskLoss().MarkRepaired(); err != nil {
		return fmt.Errorf("node is filled: %w", err)
	}
	n.log.Info("all lost data is back")
	return nil
}
