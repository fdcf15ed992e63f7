package replica

import (
	"errors"
	"sync"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// ServePeer answers the frames that arrived together on one stream. All writes
// among them are one engine batch. It is called from the stream's reader. Background
// writes, which are delivered hints and read repairs, are answered when they are on the
// disk, in either durability mode. All frames of one stream have one class.
func (c *Coordinator) ServePeer(reqs []*peer.Request) {
	b := servedPool.Get().(*served)
	for _, r := range reqs {
		switch r.Kind {
		case peer.Write, peer.Delta:
			c.addWrite(b, r)
		case peer.Read:
			c.serveRead(r, b)
		case peer.Forward:
			c.serveForward(r)
		case peer.TakeOver:
			c.serveTakeOver(r)
		case peer.Age:
			r.Reply(c.issuer.ageNow().Append(nil))
		}
	}
	if len(b.frames) == 0 {
		b.release()
		return
	}
	apply := c.cfg.Store.Apply
	if b.frames[0].request.Class == peer.Background {
		apply = c.cfg.Store.ApplySynced // the sender deletes its hints of what is answered
	}
	commit, err := apply(b.batch())
	c.count.Applied.Add(int64(len(b.records)))
	if err != nil {
		for _, fr := range b.frames {
			fr.request.ReplyError(err)
		}
		b.release()
		return
	}
	if commit.Durable() {
		b.acknowledge(commit.Wait())
		return
	}
	select {
	case c.commits <- pendingCommit{commit: commit, served: b}:
	case <-c.closing:
		b.acknowledge(commit.Wait())
	}
}

// served is a batch of write frames being applied.
type served struct {
	records  []engine.Record
	pointers []*engine.Record
	frames   []servedFrame
	reads    []message.Read // of one frame
	reply    []byte
	object   []byte
}

type servedFrame struct {
	request     *peer.Request
	first, last int // its records
}

var servedPool = sync.Pool{New: func() any { return new(served) }}

// errClearsDiffer refuses what a client waits for between two nodes of which one lacks a clear.
// They exchange their clears, and the sender asks again.
var errClearsDiffer = errors.New("the two nodes have not carried out the same clears yet")

// hasClear reports whether this node has carried out the clear that the sender of a request
// has. What no client waits for may come from a node that lacks it: the engine filters that.
func (c *Coordinator) hasClear(r *peer.Request, mark uint64) bool {
	if r.Class != peer.Foreground || mark == c.cfg.Store.Clears().Mark() {
		return true
	}
	c.cfg.ClearsDiffer(r.From)
	return false
}

// addWrite decodes a frame's items into records of a batch. A frame that cannot be decoded
// is refused whole.
func (c *Coordinator) addWrite(b *served, r *peer.Request) {
	d := wire.NewReader(r.Body)
	first := len(b.records)
	n, mark := message.ReadHead(&d)
	if !c.hasClear(r, mark) {
		r.ReplyError(errClearsDiffer)
		return
	}
	for range n {
		it := message.ReadWrite(&d)
		if d.Failed() {
			break // whatever the count says, there is no more
		}
		b.records = append(b.records, engine.Record{Partition: it.Partition, Key: it.Key, Hint: it.Hint, Merge: it.Object, Delta: r.Kind == peer.Delta})
	}
	if err := d.Done("write"); err != nil {
		b.records = b.records[:first]
		r.ReplyError(err)
		return
	}
	b.frames = append(b.frames, servedFrame{request: r, first: first, last: len(b.records)})
}

func (b *served) batch() []*engine.Record {
	b.pointers = b.pointers[:0]
	for i := range b.records {
		b.pointers = append(b.pointers, &b.records[i])
	}
	return b.pointers
}

// acknowledge answers every frame of the batch and gives the batch back.
func (b *served) acknowledge(err error) {
	for _, fr := range b.frames {
		if err != nil {
			fr.request.ReplyError(err)
			continue
		}
		b.reply = appendRefusals(b.reply[:0], b.records[fr.first:fr.last])
		fr.request.Reply(b.reply)
	}
	b.release()
}

func (b *served) release() {
	clear(b.records)
	clear(b.pointers)
	clear(b.frames)
	clear(b.reads)
	b.records, b.frames = b.records[:0], b.frames[:0]
	if cap(b.reply)+cap(b.object) > mostBody {
		b.reply, b.object = nil, nil
	}
	servedPool.Put(b)
}

// appendRefusals lists the records that were not stored: nothing at all in the
// ordinary case.
func appendRefusals(dst []byte, records []engine.Record) []byte {
	for i := range records {
		switch r := &records[i]; {
		case r.Err != nil:
			dst = refusalOf(r.Err).Append(wire.AppendUvarint(dst, uint64(i)))
		case r.Misses:
			dst = message.Refusal{Code: message.CodeMisses}.Append(wire.AppendUvarint(dst, uint64(i)))
		}
	}
	return dst
}

// serveRead answers for this node's copies, and for the hints that it keeps.
func (c *Coordinator) serveRead(r *peer.Request, b *served) {
	d := wire.NewReader(r.Body)
	view := c.cfg.Ring()
	b.reads, b.reply = b.reads[:0], b.reply[:0]
	n, mark := message.ReadHead(&d)
	if !c.hasClear(r, mark) {
		r.ReplyError(errClearsDiffer)
		return
	}
	for range n {
		it := message.ReadRead(&d)
		if d.Failed() || int(it.Partition) >= view.Partitions() {
			d.Fail()
			break
		}
		b.reads = append(b.reads, it)
	}
	if err := d.Done("read"); err != nil {
		r.ReplyError(err)
		return
	}
	c.cfg.Store.Prefetch(len(b.reads), func(i int) []byte { return b.reads[i].Key })
	var parts [][]byte // of the reply, where a large object is one
	for _, it := range b.reads {
		var a message.Answer
		a, b.object = c.find(it, b.object[:0])
		if len(a.Object) < sharedTail {
			b.reply = a.Append(b.reply)
			continue
		}
		parts = append(parts, a.AppendHead(b.reply), a.Object)
		b.reply, b.object = nil, nil
	}
	if parts == nil {
		r.Reply(b.reply)
		return
	}
	r.ReplyOwned(append(parts, b.reply)...)
	b.reply = nil
}

// find looks one key up, into buffer where the asker wants the object.
func (c *Coordinator) find(it message.Read, buffer []byte) (a message.Answer, encoded []byte) {
	store := c.cfg.Store
	h := held{encoded: buffer}
	var err error
	enough := false // to know the digest
	if !store.Hints().MayHave(it.Partition, it.Key) {
		h.digest, h.found, err = store.Digest(it.Partition, it.Key)
		enough = err != nil || !h.found || it.Brief || it.Known && h.digest == it.Digest
	}
	switch {
	case enough:
	case it.Part:
		h, err = c.lookUpPart(it.Partition, it.Key, buffer, func() (object.Selection, bool) { return it.Selection, true })
	default:
		h, err = c.lookUp(it.Partition, it.Key, buffer)
	}
	if err == nil && store.DiskLoss().Unrepaired() && (!h.found || c.cfg.Ring().IsPrimary(c.cfg.Self, it.Partition)) {
		err = errUnrepaired
	}
	encoded = h.encoded
	switch {
	case err != nil:
		return message.Answer{Found: message.Failed, Failure: err.Error()}, encoded
	case !h.found:
		return message.Answer{Found: message.Absent}, encoded
	case it.Known && h.digest == it.Digest:
		return message.Answer{Found: message.Same}, encoded
	case it.Brief:
		return message.Answer{Found: message.DigestOnly, Digest: h.digest}, encoded
	case h.part:
		return message.Answer{Found: message.Part, Digest: h.digest, Object: encoded, Rest: h.rest}, encoded
	default:
		return message.Answer{Found: message.Whole, Object: encoded}, encoded
	}
}
