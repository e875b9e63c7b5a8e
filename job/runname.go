package job

import "strings"

// maxRunName keeps run ids, which are directory names, short enough to read.
const maxRunName = 32

// RunName is the name that the run's id begins with: Name, or the base name of
// the command or function. It is at most 32 characters of [A-Za-z0-9._-], never
// empty, and begins with neither - nor a dot.
func (s *Spec) RunName() string {
	name := s.Name
	if name == "" {
		name = s.Func
		if len(s.Command) > 0 {
			name = s.Command[0]
		}
		name = strings.TrimRight(name, `/\`)
		name = name[strings.LastIndexAny(name, `/\`)+1:]
	}
	return sanitizeName(name)
}

func sanitizeName(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case b.Len() == maxRunName:
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_':
			b.WriteRune(r)
		case b.Len() == 0: // neither - nor . may come first
		case r == '.' || r == '-':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	// "café" should not become "caf-".
	trimmed := b.String()
	if !strings.HasSuffix(name, "-") {
		trimmed = strings.TrimRight(trimmed, "-")
	}
	if trimmed == "" {
		return "run"
	}
	return trimmed
}
