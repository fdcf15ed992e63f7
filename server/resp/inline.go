package resp

import "bytes"

// SplitInline cuts an inline command into words as Redis does (sdssplitargs) and
// appends them to words. Blanks separate words; double quotes know \xHH \n \r \t
// \b \a and \ before any other byte; single quotes know \' only; a blank or the
// end must follow a closing quote. Words without quotes alias the line.
func SplitInline(words [][]byte, line []byte) ([][]byte, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	for {
		for len(line) > 0 && isBlank(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 || line[0] == 0 { // Redis reads a C string
			return words, nil
		}
		word, rest, err := inlineWord(line)
		if err != nil {
			return nil, err
		}
		words, line = append(words, word), rest
	}
}

// inlineWord cuts off the first word. A quote may open in the middle of a word.
func inlineWord(line []byte) (word, rest []byte, err error) {
	plain := 0
	for plain < len(line) && !isBlank(line[plain]) && line[plain] != '"' && line[plain] != '\'' && line[plain] != 0 {
		plain++
	}
	if plain == len(line) || isBlank(line[plain]) || line[plain] == 0 {
		return line[:plain:plain], line[plain:], nil
	}
	word = append([]byte{}, line[:plain]...) // as long as the word, not as the line: there may be many
	for line = line[plain:]; len(line) > 0 && !isBlank(line[0]) && line[0] != 0; {
		switch line[0] {
		case '"':
			word, line, err = doubleQuoted(word, line[1:])
		case '\'':
			word, line, err = singleQuoted(word, line[1:])
		default:
			word, line = append(word, line[0]), line[1:]
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return word, line, nil
}

func doubleQuoted(word, line []byte) ([]byte, []byte, error) {
	for i := 0; i < len(line) && line[i] != 0; i++ {
		switch c := line[i]; {
		case c == '\\' && i+3 < len(line) && line[i+1] == 'x' && isHex(line[i+2]) && isHex(line[i+3]):
			word = append(word, unhex(line[i+2])<<4|unhex(line[i+3]))
			i += 3
		case c == '\\' && i+1 < len(line):
			word = append(word, unescape(line[i+1]))
			i++
		case c == '"':
			return closeQuote(word, line[i+1:])
		default:
			word = append(word, c)
		}
	}
	return nil, nil, errQuotes
}

func singleQuoted(word, line []byte) ([]byte, []byte, error) {
	for i := 0; i < len(line) && line[i] != 0; i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '\'':
			word = append(word, '\'')
			i++
		case c == '\'':
			return closeQuote(word, line[i+1:])
		default:
			word = append(word, c)
		}
	}
	return nil, nil, errQuotes
}

func closeQuote(word, rest []byte) ([]byte, []byte, error) {
	if len(rest) > 0 && !isBlank(rest[0]) && rest[0] != 0 {
		return nil, nil, errQuotes
	}
	return word, rest, nil
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}
