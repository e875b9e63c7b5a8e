package torchargs

import (
	"strings"

	"github.com/sluicerun/sluice/job"
)

// suggestion is a hint about an unknown option, or "".
func (p *parser) suggestion(word string) string {
	name, _, _ := strings.Cut(word, "=")
	if name == "--use-env" || name == "--use_env" { // of torchrun's predecessor
		return "leave it out: the local rank is always in the environment, as LOCAL_RANK"
	}
	if !strings.HasPrefix(name, "--") || len(name) > 40 {
		return ""
	}
	// A dash and an underscore are the same.
	plain := strings.ReplaceAll(name[2:], "_", "-")
	var names []string
	for _, n := range p.longNames() {
		names = append(names, strings.TrimPrefix(n, "--"))
	}
	best := job.Closest(plain, names)
	if best == "" {
		return "options of the script stand after the script"
	}
	return "did you mean --" + best + "?"
}
