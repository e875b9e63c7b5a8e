package dialogue

import (
	"strconv"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// condWords are the words that a condition may begin with.
var condWords = []string{"text", "regex", "line", "gone", "settled", "cursor", "title", "prompt", "exit", "file", "port", "new", "within"}

// write gives the condition's words.
func (c Cond) write(p *printer) {
	if c.New {
		p.word("new")
	}
	if c.Text != nil {
		p.word("text", c.Text.quoted())
	}
	if c.Regexp != "" {
		p.word("regex", slashed(c.Regexp))
	}
	if c.Line != "" {
		p.word("line", slashed(c.Line))
	}
	if c.Gone != nil {
		p.word("gone", c.Gone.quoted())
	}
	if c.Cursor {
		p.word("cursor", star(c.Row)+","+star(c.Col))
	}
	if c.Title != "" {
		p.word("title", slashed(c.Title))
	}
	if c.Prompt {
		p.word("prompt")
	}
	if c.Exit {
		p.word("exit")
		if c.Status >= 0 {
			p.word(strconv.Itoa(c.Status))
		}
	}
	if c.File != nil {
		p.word("file", c.File.word())
	}
	if c.Port != 0 {
		p.word("port", strconv.Itoa(c.Port))
	}
	if c.Settled != 0 {
		p.word("settled", showDuration(c.Settled))
	}
}

func star(n int) string {
	if n == 0 {
		return "*"
	}
	return strconv.Itoa(n)
}

// String is the condition in the script's words.
func (c Cond) String() string {
	var p printer
	c.write(&p)
	return p.line()
}

// empty tells whether nothing is asked for.
func (c Cond) empty() bool { return c.count() == 0 }

// count is how many things must hold.
func (c Cond) count() int {
	n := 0
	for _, is := range []bool{c.Text != nil, c.Regexp != "", c.Line != "", c.Gone != nil, c.Settled != 0, c.Cursor, c.Title != "", c.Prompt, c.Exit, c.File != nil, c.Port != 0} {
		if is {
			n++
		}
	}
	return n
}

// local tells whether it holds something that a session knows nothing of.
func (c Cond) local() bool { return c.Line != "" }

// condition is what a terminal is asked; Line is not in it.
func (c Cond) condition(vars map[string]string, source string, timeout time.Duration) (session.Condition, error) {
	out := session.Condition{
		Regexp: c.Regexp, Settled: job.Duration(c.Settled), Row: c.Row, Col: c.Col, Title: c.Title,
		Prompt: c.Prompt, Exit: c.Exit, Port: c.Port, SinceInput: c.New, Timeout: job.Duration(timeout),
	}
	if c.New {
		out.Source = source
	}
	for _, f := range []struct {
		from Text
		to   *string
	}{{c.Text, &out.Text}, {c.Gone, &out.Gone}, {c.File, &out.File}} {
		s, err := f.from.expand(vars)
		if err != nil {
			return out, err
		}
		*f.to = s
	}
	return out, nil
}
