package settings

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

const (
	callTimeout = 2 * time.Second // for a member's answer
	maxCalls    = 16              // to members at one time
	repairEvery = 5 * time.Second
	fetchPause  = 50 * time.Millisecond // between two rounds of Fetch
)

// Channel sends messages to members: peer.Channel.
type Channel interface {
	Call(ctx context.Context, to causal.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
	Available(id causal.NodeID) bool
}

// Config is what a [Disseminator] is made of.
type Config struct {
	Self    causal.NodeID
	Store   *Store
	Channel Channel
	// Others returns the members of the ring except this node, always in one order.
	Others func() []causal.NodeID
	// Name returns a member's name, for the log.
	Name func(causal.NodeID) string
	// Announce makes gossip tell the others the digest of this node's document.
	Announce func()
	Logger   *slog.Logger
}

// Disseminator makes the documents of all members equal.
type Disseminator struct {
	cfg  Config
	wake chan struct{}

	mu     sync.Mutex
	wanted map[causal.NodeID]uint64 // whom to pull from, at most once each; the digest there, 0: unknown
}

// NewDisseminator returns a disseminator. Its Run must be called.
func NewDisseminator(cfg Config) *Disseminator {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Disseminator{cfg: cfg, wake: make(chan struct{}, 1), wanted: make(map[causal.NodeID]uint64)}
}

// Change applies an operator's change. It returns once the change is saved here, and
// every member that can be reached has answered or was given [callTimeout]. Others learn
// of it by gossip, so the error is only about this node.
func (d *Disseminator) Change(ctx context.Context, edit func(*settings.Document) error) error {
	if err := d.cfg.Store.Update(edit); err != nil {
		return err
	}
	d.push(ctx)
	return nil
}

// Digest returns the digest of the document that this node has; 0 if it has no settings.
func (d *Disseminator) Digest() uint64 { return d.cfg.Store.Digest() }

// SetPolicy changes the conflict policy of the whole cluster, as Change does.
func (d *Disseminator) SetPolicy(ctx context.Context, p register.Policy) error {
	return d.Change(ctx, func(doc *settings.Document) error { return doc.SetPolicy(d.cfg.Self, p) })
}

// Policy returns the rule by which plain reads resolve siblings.
func (d *Disseminator) Policy() register.Policy { return d.cfg.Store.Policy() }

// Document returns the settings as this node has them. The caller must not change them.
func (d *Disseminator) Document() *settings.Document { return d.cfg.Store.Document() }

// Behind makes d pull from a member, unless this node has a document with that digest.
func (d *Disseminator) Behind(member causal.NodeID, digest uint64) {
	if digest != 0 && digest != d.cfg.Store.Digest() {
		d.want(member, digest)
	}
}

// Connected makes d pull from a member that a new connection leads to.
func (d *Disseminator) Connected(member causal.NodeID) { d.want(member, 0) }

func (d *Disseminator) want(member causal.NodeID, digest uint64) {
	d.mu.Lock()
	d.wanted[member] = digest
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *Disseminator) take() map[causal.NodeID]uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.wanted
	d.wanted = make(map[causal.NodeID]uint64)
	return taken
}

// Run pulls and announces until ctx ends.
func (d *Disseminator) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return d.followChanges(ctx) })
	group.Go(func() error { return d.pullWanted(ctx) })
	return group.Wait()
}

// followChanges announces each change of the document, and has it pulled from each member
// now and then.
func (d *Disseminator) followChanges(ctx context.Context) error {
	repair := time.NewTicker(repairEvery)
	defer repair.Stop()
	for last := int(uint16(d.cfg.Self)); ; { // so that not all begin with the same member
		select {
		case <-ctx.Done():
			return nil
		case <-d.cfg.Store.Changes():
			d.report()
			d.cfg.Announce()
		case <-repair.C:
			last = d.repair(last)
		}
	}
}

// report logs what is in force now.
func (d *Disseminator) report() {
	document := d.cfg.Store.Document()
	d.cfg.Logger.Info("settings of the cluster changed", "conflict_resolution", d.cfg.Store.Policy(), "digest", fmt.Sprintf("%016x", document.Digest()))
	if s, set := document.Get(settings.ConflictResolution); set {
		if _, known := document.Policy(); !known {
			d.cfg.Logger.Error("the cluster's conflict policy is of a newer version: this node uses that of its flag until it is upgraded", "policy", s.Value)
		}
	}
}

// repair asks for a pull from the next member that can be reached, behind the last one
// that it took. It returns which one it took.
func (d *Disseminator) repair(last int) (next int) {
	others := d.cfg.Others()
	for range others {
		last++
		if member := others[last%len(others)]; d.cfg.Channel.Available(member) {
			d.want(member, 0)
			return last
		}
	}
	return last
}

// pullWanted pulls from the members that were named, a few at a time.
func (d *Disseminator) pullWanted(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		}
		var group errgroup.Group
		group.SetLimit(maxCalls)
		for member, digest := range d.take() {
			group.Go(func() error {
				if digest != 0 && digest == d.cfg.Store.Digest() {
					return nil // another one had the same
				}
				if err := d.pull(ctx, member); err != nil {
					d.cfg.Logger.Debug("settings not pulled", "peer", d.cfg.Name(member), "err", err)
				}
				return nil
			})
		}
		_ = group.Wait() // no function returns an error
	}
}

// pull asks a member for its document, unless it has the same.
func (d *Disseminator) pull(ctx context.Context, member causal.NodeID) error {
	return d.call(ctx, member, peer.SettingsPull, wire.AppendUint64(nil, d.cfg.Store.Digest()))
}

// push brings the document to every member that can be reached, and takes in what they
// have beyond it.
func (d *Disseminator) push(ctx context.Context) {
	body := d.cfg.Store.Document().Encode()
	var group errgroup.Group
	group.SetLimit(maxCalls)
	for _, member := range d.cfg.Others() {
		if !d.cfg.Channel.Available(member) {
			continue
		}
		group.Go(func() error {
			if err := d.call(ctx, member, peer.SettingsPush, body); err != nil {
				d.cfg.Logger.Debug("a member will hear of the settings later", "peer", d.cfg.Name(member), "err", err)
			}
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
}

// call sends a message and merges the document of the answer, if there is one. It uses
// the foreground stream: a client waits for CONFIG SET, documents are small, and this is
// the stream that [Disseminator.Connected] tells of.
func (d *Disseminator) call(ctx context.Context, member causal.NodeID, kind peer.Kind, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	reply, err := d.cfg.Channel.Call(ctx, member, peer.Foreground, kind, body)
	if err != nil || len(reply) == 0 {
		return err
	}
	theirs, err := settings.Decode(reply)
	if err != nil {
		return err
	}
	return d.cfg.Store.Merge(theirs)
}

// Fetch pulls from the members until this node has a document or every member has said
// that it has none, but no longer than timeout. It is for a node that has a ring and no
// document, before it serves.
func (d *Disseminator) Fetch(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for without := make(map[causal.NodeID]bool); ; {
		missing := 0
		for _, member := range d.cfg.Others() {
			if without[member] {
				continue
			}
			err := d.pull(ctx, member)
			if d.cfg.Store.Digest() != 0 {
				return
			}
			if without[member] = err == nil; err != nil {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		select {
		case <-time.After(fetchPause):
		case <-ctx.Done():
			d.cfg.Logger.Warn("the settings of the cluster are not known: members do not answer, or are of an older version", "members", missing)
			return
		}
	}
}

// Await returns when this node has a document. One that has none of its own has just
// joined, or its ring was made by a version without such settings: it fetches one. If the
// others have none either, it takes otherwise, unless that is nil.
func (d *Disseminator) Await(ctx context.Context, timeout time.Duration, otherwise *settings.Document) error {
	if d.cfg.Store.Digest() == 0 {
		d.Fetch(ctx, timeout)
	}
	if d.cfg.Store.Digest() == 0 && otherwise != nil && ctx.Err() == nil {
		return d.cfg.Store.Merge(otherwise)
	}
	return nil
}

// AnswerPull answers [peer.SettingsPull]: with this node's document, or with nothing if
// the asker has the same.
func (d *Disseminator) AnswerPull(body []byte) ([]byte, error) {
	r := wire.NewReader(body)
	theirs := r.Uint64()
	if err := r.Done("settings pull"); err != nil {
		return nil, err
	}
	return d.unlessSame(theirs), nil
}

// AnswerPush answers [peer.SettingsPush]: it merges the document, and answers with this
// node's if that has more.
func (d *Disseminator) AnswerPush(body []byte) ([]byte, error) {
	theirs, err := settings.Decode(body)
	if err != nil {
		return nil, err
	}
	if err := d.cfg.Store.Merge(theirs); err != nil {
		return nil, err
	}
	return d.unlessSame(theirs.Digest()), nil
}

func (d *Disseminator) unlessSame(digest uint64) []byte {
	if digest == d.cfg.Store.Digest() {
		return nil
	}
	return d.cfg.Store.Document().Encode()
}
