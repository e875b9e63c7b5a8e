package job

import (
	"strconv"
	"strings"
)

// ExpandMacros puts a local rank into an argument as torchrun does, by the rules
// of Python's string.Template: $local_rank and ${local_rank} become the number,
// $$ becomes $, everything else stays as it is.
func ExpandMacros(arg string, localRank int) string {
	i := strings.IndexByte(arg, '$')
	if i < 0 {
		return arg
	}
	const name, braced = "local_rank", "{local_rank}"
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(arg, '$') {
		b.WriteString(arg[:i])
		arg = arg[i+1:]
		switch {
		case strings.HasPrefix(arg, "$"):
			b.WriteByte('$')
			arg = arg[1:]
		case strings.HasPrefix(arg, braced):
			b.WriteString(strconv.Itoa(localRank))
			arg = arg[len(braced):]
		case strings.HasPrefix(arg, name) && !(len(arg) > len(name) && isIdentifier(arg[len(name)])):
			b.WriteString(strconv.Itoa(localRank))
			arg = arg[len(name):]
		default:
			b.WriteByte('$')
		}
	}
	b.WriteString(arg)
	return b.String()
}

// isIdentifier tells whether a byte goes on with a name.
func isIdentifier(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
