package antientropy

import (
	"context"
	"errors"

	"github.com/quorate/quorate/cluster/operation"
)

// SyncAll compares with every peer, available or not, and exchanges all that
// differs, now. It returns when that is done, with what it cost and an error that
// joins whatever could not be done. It is an operation: cancelling it ends it
// with [operation.ErrCancelled], and what is left is exchanged on schedule.
func (s *Scheduler) SyncAll(ctx context.Context) (total Stats, err error) {
	err = s.cfg.Operations.Run(ctx, operation.Sync, "copies of all members", func(ctx context.Context, o *operation.Operation) error {
		var err error
		total, err = s.syncAll(ctx, o)
		return err
	})
	return total, err
}

func (s *Scheduler) syncAll(ctx context.Context, o *operation.Operation) (total Stats, _ error) {
	shared := sharedPartitions(s.cfg.Ring(), s.cfg.Self)
	pairs := countPairs(shared)
	o.Update(func(p *operation.Progress) { p.Partitions.Total = pairs })
	var errs []error
	for _, id := range sortedPeers(shared) {
		if ctx.Err() != nil {
			return total, errors.Join(append(errs, ctx.Err())...)
		}
		differing, unknown, err := s.compare(ctx, id, shared[id])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		equal := int64(len(shared[id]) - len(differing) - len(unknown))
		o.Update(func(p *operation.Progress) { p.Partitions.Done += equal })
		stats, err := s.exchangeAll(ctx, id, differing, func(stats Stats) {
			o.Update(func(p *operation.Progress) {
				p.Partitions.Done++
				p.Keys.Done += stats.KeysExchanged
				p.Bytes.Done += stats.Bytes
			})
		})
		total.Add(stats)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return total, errors.Join(errs...)
}
