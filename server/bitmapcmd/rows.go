package bitmapcmd

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on the bits of a value.
func Rows() []command.Row {
	return []command.Row{
		{
			Name: "setbit", Arity: 4, Flags: "write denyoom", Keys: command.Key("RW access update"), Categories: "@write @bitmap @slow",
			Group: "bitmap", Since: "2.2.0", Complexity: "O(N) where N is the length of the new value, which is written as a whole",
			Summary: "Change one bit of a value, and answer with the one before",
			Plan:    planSetBit,
		},
		{
			Name: "getbit", Arity: 3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @bitmap @fast",
			Group: "bitmap", Since: "2.2.0", Complexity: "O(N) where N is the length of the value, which is read as a whole",
			Summary: "Read one bit of a value",
			Plan:    planGetBit,
		},
		{
			Name: "bitcount", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @bitmap @slow",
			Group: "bitmap", Since: "2.6.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Count the bits of a value, or of a part of it, that are 1",
			Plan:    planBitCount,
		},
		{
			Name: "bitpos", Arity: -3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @bitmap @slow",
			Group: "bitmap", Since: "2.8.7", Complexity: "O(N) where N is the length of the value",
			Summary: "Find the first bit of a value that is 0, or 1",
			Plan:    planBitPos,
		},
		{
			Name: "bitop", Arity: -4, Flags: "write denyoom", Keys: command.Keys{First: 2, Last: -1, Step: 1, Access: "OW update;RO access"}, Categories: "@write @bitmap @slow",
			Group: "bitmap", Since: "2.6.0", Complexity: "O(N) where N is the length of the longest source",
			Summary: "Combine the bits of several values into another key. Not atomic",
			Run:     runBitOp,
		},
		{
			Name: "bitfield", Arity: -2, Flags: "write denyoom", Keys: command.Keys{First: 1, Last: 1, Step: 1, Access: "RW access update variable_flags", Varying: accessOfBitField, Notes: "RO where all steps are `GET`"}, Categories: "@write @bitmap @slow",
			Group: "bitmap", Since: "3.2.0", Complexity: "O(N) where N is the length of the new value, which is written as a whole",
			Summary: "Read and change integers of any width at any bit of a value",
			Plan:    planBitField,
		},
		{
			Name: "bitfield_ro", Arity: -2, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @bitmap @fast",
			Group: "bitmap", Since: "6.0.0", Complexity: "O(N) where N is the length of the value, which is read as a whole",
			Summary: "Read integers of any width at any bit of a value",
			Plan:    planBitFieldRO,
		},
	}
}
