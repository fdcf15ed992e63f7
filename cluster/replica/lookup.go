package replica

import (
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// held is what this node holds of a key.
type held struct {
	encoded []byte
	digest  object.Digest
	found   bool
	hinted  bool        // some of it is kept for another node
	part    bool        // encoded has some elements only
	rest    object.Rest // of a part: the totals of the elements that encoded does not have
}

// lookUp finds all that this node holds of a key, and appends it to buffer: its own copy,
// merged with the hints that it keeps for others. Either may be the newer one. A node that
// stands in may have an old copy from the time when it was a primary; and one that has
// become a primary may still keep what it took as a fallback.
func (c *Coordinator) lookUp(p ring.Partition, key, buffer []byte) (h held, err error) {
	return c.lookUpPart(p, key, buffer, nil)
}

// lookUpPart does what lookUp does, where the head and some elements may be enough, unless sought
// is nil. It finds those alone if the engine can read them alone, and there is no hint.
func (c *Coordinator) lookUpPart(p ring.Partition, key, buffer []byte, sought func() (object.Selection, bool)) (h held, err error) {
	hint, hinted, err := c.cfg.Store.Hints().Get(p, key, nil)
	if err != nil {
		return held{encoded: buffer}, err
	}
	switch {
	case hinted:
	case sought == nil:
		h.encoded, h.digest, h.found, err = c.cfg.Store.Find(p, key, buffer)
		return h, err
	default:
		f, err := c.cfg.Store.FindPart(p, key, sought, buffer)
		return held{encoded: f.Encoded, digest: f.Digest, found: f.Found, part: f.Part, rest: f.Rest}, err
	}
	own, _, found, err := c.cfg.Store.Find(p, key, nil)
	if err != nil {
		return held{encoded: buffer}, err
	}
	h = held{found: true, hinted: true}
	if !found {
		h.encoded = append(buffer, hint...)
	} else if h.encoded, err = appendMerged(buffer, own, hint); err != nil {
		return held{encoded: buffer}, err
	}
	h.digest = object.SeedOf(key).Digest(h.encoded[len(buffer):])
	return h, nil
}

// appendMerged appends the merge of two encoded objects.
func appendMerged(dst, one, other []byte) ([]byte, error) {
	a, err := object.Decode(one)
	if err != nil {
		return dst, err
	}
	b, err := object.Decode(other)
	if err != nil {
		return dst, err
	}
	merged, _ := object.Merge(a, b)
	return merged.Append(dst), nil
}
