package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sluicerun/sluice/job"
)

// Styles, used only where Options.Color allows.
const (
	bold = "\x1b[1m"
	red  = "\x1b[31m"
	dim  = "\x1b[2m"
)

// maxQuoted bounds one line of a worker's output, in characters.
const maxQuoted = 1000

// page is a report being laid out.
type page struct {
	spec job.Spec
	res  job.Result
	opt  Options
	buf  []byte
}

// many tells whether ranks are worth a mention.
func (p *page) many() bool { return p.spec.Size() > 1 || len(p.res.Outcomes) > 1 }

// line adds a line, indented by two columns a level.
func (p *page) line(level int, text string) { p.styled(level, "", text) }

func (p *page) styled(level int, style, text string) {
	if text != "" {
		p.buf = append(p.buf, strings.Repeat("  ", level)...)
	}
	if style != "" && p.opt.Color {
		p.buf = append(p.buf, style...)
		p.buf = append(p.buf, text...)
		p.buf = append(p.buf, resetSGR...)
	} else {
		p.buf = append(p.buf, text...)
	}
	p.buf = append(p.buf, '\n')
}

// quote adds the last lines of what a worker wrote, behind a bar.
func (p *page) quote(level int, text []byte) {
	lines := lastOf(bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n")), p.opt.TailLines)
	for _, line := range lines {
		p.buf = append(p.buf, strings.Repeat("  ", level)...)
		bar := "| "
		if len(bytes.TrimSpace(line)) == 0 {
			bar, line = "|", nil
		}
		if p.opt.Color {
			bar = dim + bar + resetSGR
		}
		p.buf = append(p.buf, bar...)
		p.buf = append(p.buf, p.quoted(line)...)
		p.buf = append(p.buf, '\n')
	}
}

func (p *page) quoted(line []byte) []byte {
	if n := utf8.RuneCount(line); n > maxQuoted {
		// Without colours, which might be cut in two.
		text := []rune(string(appendPrintable(nil, line, false)))
		if n = len(text); n > maxQuoted {
			return fmt.Appendf(nil, "%s... (%d more characters)", string(text[:maxQuoted]), n-maxQuoted)
		}
		return []byte(string(text))
	}
	return appendPrintable(nil, line, p.opt.Color)
}

func lastOf[T any](list []T, n int) []T {
	return list[max(0, len(list)-max(n, 0)):]
}

// clip shortens text to so many characters.
func clip(text string, room int) string {
	if utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:room-3]) + "..."
}

// rankList writes ranks in about room characters: of a longer list the
// beginning and how many there are.
func rankList(ranks []int, room int) string {
	text := job.FormatRanks(ranks)
	room = max(24, room)
	if len(text) <= room {
		return text
	}
	cut := max(0, strings.LastIndexByte(text[:room], ','))
	return fmt.Sprintf("%s,... (%d ranks)", text[:cut], len(ranks))
}
