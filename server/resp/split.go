package resp

import "github.com/tidwall/redcon"

// Split cuts one whole command, as the [Framer] found it, into arguments that
// it appends to args. They alias raw, except for inline words with quotes. An
// inline command of blanks has no arguments.
func Split(args [][]byte, raw []byte, shape Shape) ([][]byte, error) {
	if shape == ShapeInline {
		return SplitInline(args, raw)
	}
	_, args, _, _, err := redcon.ReadNextCommand(raw, args)
	return args, err
}
