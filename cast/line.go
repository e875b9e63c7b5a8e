package cast

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// mend makes a whole line of the begin of one, if that has come to the text of
// output or input.
func mend(line []byte) ([]byte, bool) {
	_, code, i, err := begin(line)
	if err != nil || len(code) != 1 || code[0] != 'o' && code[0] != 'i' {
		return nil, false
	}
	if i = blanks(line, i); i == len(line) || line[i] != '"' {
		return nil, false
	}
	i++
	from := i
	whole := i // what can be kept ends here
	var scratch [16]byte
	for i < len(line) && line[i] != '"' {
		n := 1
		if line[i] == '\\' {
			if _, n, _, err = unescape(scratch[:0], line[i:]); err != nil {
				break
			}
		} else if !utf8.FullRune(line[i:]) {
			break
		}
		i += n
		whole = i
	}
	if whole == from {
		return nil, false
	}
	return append(bytes.Clone(line[:whole]), `"]`...), true
}

// begin reads a line up to its data, which is behind next. The code is as it is
// written.
func begin(line []byte) (at time.Duration, code []byte, next int, err error) {
	if line[0] != '[' {
		return 0, nil, 0, fmt.Errorf("it is no event, which begins with [: %.40q", line)
	}
	at, i, err := seconds(line, blanks(line, 1))
	if err != nil {
		return 0, nil, 0, err
	}
	if i, err = comma(line, i); err != nil {
		return 0, nil, 0, err
	}
	if i == len(line) {
		return 0, nil, 0, errCut
	}
	if line[i] != '"' {
		return 0, nil, 0, errors.New("its code is no string")
	}
	i++
	from := i
	for i < len(line) && line[i] != '"' {
		if line[i] == '\\' { // nobody has such codes
			code, next, _, err := unquote(nil, line, from)
			if err != nil {
				return 0, nil, 0, err
			}
			next, err = comma(line, next)
			return at, code, next, err
		}
		i++
	}
	if i == len(line) {
		return 0, nil, 0, errCut
	}
	code = line[from:i]
	if len(code) == 0 {
		return 0, nil, 0, errors.New("its code is empty")
	}
	next, err = comma(line, i+1)
	return at, code, next, err
}

// comma is the index of what comes behind the comma.
func comma(b []byte, i int) (next int, err error) {
	if i = blanks(b, i); i == len(b) {
		return i, errCut
	}
	if b[i] != ',' {
		return i, errors.New("it is no event, which is a list of a time, a code and data")
	}
	return blanks(b, i+1), nil
}
