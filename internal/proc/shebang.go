package proc

import (
	"bytes"
	"strings"
)

// headSize is how much of a file the kernel looks at to tell what it is
// (BINPRM_BUF_SIZE, 128 before Linux 5.1).
const headSize = 256

// shebang is a #! line as the kernel reads it: the interpreter is one word, a
// carriage return is part of it.
type shebang struct {
	interpreter string
	line        string
}

// crlf tells whether the line has a DOS line end, which makes the kernel look
// for an interpreter, or an argument, that ends in a carriage return.
func (s shebang) crlf() bool { return strings.HasSuffix(s.line, "\r") }

func parseShebang(head []byte) (shebang, bool) {
	if len(head) > headSize {
		head = head[:headSize]
	}
	rest, ok := bytes.CutPrefix(head, []byte("#!"))
	if !ok {
		return shebang{}, false
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	// A NUL ends the line for the kernel.
	line, _, _ = bytes.Cut(line, []byte{0})
	word := bytes.TrimLeft(line, " \t")
	if i := bytes.IndexAny(word, " \t"); i >= 0 {
		word = word[:i]
	}
	if len(word) == 0 {
		return shebang{}, false
	}
	return shebang{interpreter: string(word), line: "#!" + string(line)}, true
}

// looksLikeText is bash's test for what /bin/sh may be given: no NUL in the
// first line of what can be seen of it, and no ELF file.
func looksLikeText(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return !bytes.HasPrefix(head, []byte(elfMagic)) && bytes.IndexByte(line, 0) < 0
}
