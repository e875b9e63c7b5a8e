package torchargs

import (
	"strings"

	"github.com/sluicerun/sluice/job"
)

// linePrefix turns torchrun's template into ours. Macros it does not know stay.
func (v setting) linePrefix() (job.Template, error) {
	source := v.text
	if source == "" {
		source = "[${role_name}${local_rank}]:"
	}
	fields := map[string]string{"role_name": "{role}", "rank": "{rank}", "local_rank": "{local_rank}"}
	braces := strings.NewReplacer("{", "{{", "}", "}}")
	var b strings.Builder
	job.Substitute(source, func(s string) { _, _ = braces.WriteString(&b, s) }, func(name string) bool {
		b.WriteString(fields[name])
		return fields[name] != ""
	})
	t, err := job.ParseTemplate(b.String())
	if err != nil {
		return t, v.errorf("", "%v", err)
	}
	return t, nil
}
