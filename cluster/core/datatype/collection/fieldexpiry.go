package collection

// Flags of HashExpire.
const (
	IfLasting Flags = 1 << 4  // only fields that never expire
	IfEnding  Flags = 1 << 5  // only fields that expire
	IfLater   Flags = 1 << 6  // only fields that expire before Number
	IfSooner  Flags = 1 << 7  // only fields that expire after Number
	Past      Flags = 1 << 14 // Number is past: the fields are deleted

	fieldFlags = IfLasting | IfEnding | IfLater | IfSooner | Past
)

// Answers for one field, as in Redis.
const (
	NoField       = -2
	NoExpiry      = -1
	NotMet        = 0 // the condition is not met
	ExpiryChanged = 1
	FieldDeleted  = 2
)

// expireFields serves HEXPIRE and its relatives. The answer has a number for each field.
func (c *Command) expireFields(v View, set *changes, out *Outcome) {
	for _, name := range c.Args {
		e := v.Find(name)
		switch {
		case e == nil:
			out.Numbers = append(out.Numbers, NoField)
			continue
		case !c.changesExpiry(e.Expiry):
			out.Numbers = append(out.Numbers, NotMet)
			continue
		}
		change, before := set.of(name)
		if before && change.Remove { // the field was named twice
			out.Numbers = append(out.Numbers, NoField)
			continue
		}
		if change.Remove = c.Flags&Past != 0; change.Remove {
			out.Numbers = append(out.Numbers, FieldDeleted)
			continue
		}
		change.Data, change.Expiry = e.Data, c.Number
		out.Numbers = append(out.Numbers, ExpiryChanged)
	}
}

// changesExpiry reports whether the condition holds for a field that expires at a time; 0 means
// never, which is later than any other time.
func (c *Command) changesExpiry(at int64) bool {
	switch {
	case c.Flags&IfLasting != 0:
		return at == 0
	case c.Flags&IfEnding != 0:
		return at != 0
	case c.Flags&IfLater != 0:
		return at != 0 && c.Number > at
	case c.Flags&IfSooner != 0:
		return at == 0 || c.Number < at
	}
	return true
}

// persistFields serves HPERSIST. The answer has a number for each field.
func (c *Command) persistFields(v View, set *changes, out *Outcome) {
	for _, name := range c.Args {
		e := v.Find(name)
		switch {
		case e == nil:
			out.Numbers = append(out.Numbers, NoField)
		case e.Expiry == 0:
			out.Numbers = append(out.Numbers, NoExpiry)
		default:
			change, before := set.of(name)
			if change.Data = e.Data; before { // the field was named twice
				out.Numbers = append(out.Numbers, NoExpiry)
				continue
			}
			out.Numbers = append(out.Numbers, ExpiryChanged)
		}
	}
}
