package job

import (
	"strconv"
	"strings"
)

// ExpandMacros replaces $local_rank and ${local_rank} in a worker's argument,
// and $$ by $, as Python's string.Template.safe_substitute does: any other name,
// which includes $LOCAL_RANK and $local_ranks, stays as it is.
func ExpandMacros(arg string, localRank int) string {
	if !strings.Contains(arg, "$") {
		return arg
	}
	var b strings.Builder
	Substitute(arg, func(s string) { b.WriteString(s) }, func(name string) bool {
		if name != "local_rank" {
			return false
		}
		b.WriteString(strconv.Itoa(localRank))
		return true
	})
	return b.String()
}

// ExpandCommand is a command for one worker. As with torchrun, the program itself
// is not expanded, only its arguments.
func ExpandCommand(command []string, localRank int) []string {
	out := make([]string, len(command))
	for i, arg := range command {
		if i > 0 {
			arg = ExpandMacros(arg, localRank)
		}
		out[i] = arg
	}
	return out
}

// Substitute walks over a string.Template. named is told each name and answers
// whether it knows it; everything else, as it will stand, goes to literal.
func Substitute(s string, literal func(string), named func(string) bool) {
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			literal(s)
			return
		}
		literal(s[:i])
		s = s[i:]
		whole, name := macro(s)
		switch {
		case whole == "$$":
			literal("$")
		case name == "" || !named(name):
			literal(whole)
		}
		s = s[len(whole):]
	}
}

// macro reads what stands at the start of s, which is a dollar: $$, $name,
// ${name}, or a dollar that means itself.
func macro(s string) (whole, name string) {
	if strings.HasPrefix(s, "$$") {
		return "$$", ""
	}
	braced := strings.HasPrefix(s, "${")
	begin := 1
	if braced {
		begin = 2
	}
	end := begin
	for end < len(s) && (s[end] == '_' || s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z' || end > begin && isDigit(s[end])) {
		end++
	}
	switch {
	case end == begin, braced && (end == len(s) || s[end] != '}'):
		return "$", ""
	case braced:
		return s[:end+1], s[begin:end]
	}
	return s[:end], s[begin:end]
}
