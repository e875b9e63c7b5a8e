package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// each calls f with every command that has something to do.
func each(c *cobra.Command, f func(*cobra.Command)) {
	for _, sub := range c.Commands() {
		if sub.Name() != "help" {
			f(sub)
			each(sub, f)
		}
	}
}

// Every help page has an example, and examples are of flags that there are.
func TestHelpHasExamples(t *testing.T) {
	root := Root()
	each(root, func(c *cobra.Command) {
		// The page of torchrun is written as torchrun's.
		if c.Example == "" && c.Name() != torchrunName && c.Name() != "version" {
			t.Errorf("%s: no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			checkLine(t, root, c.CommandPath()+" --help", line)
		}
	})
}

// What the pages show can be typed: the commands and flags are there.
func TestPagesNameFlags(t *testing.T) {
	root := Root()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages (%v)", len(pages), err)
	}
	inline := regexp.MustCompile("`(sluice [^`]+)`")
	lines := 0
	for _, page := range append(pages, "../../README.md", "../../CHANGELOG.md", "../../examples/README.md") {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		code := false
		for line := range strings.Lines(string(b)) {
			text := strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(text, "```"):
				code = !code
			case code && (strings.HasPrefix(text, "$ ") || strings.HasPrefix(line, "sluice ")):
				lines += checkLine(t, root, page, line)
			case !code:
				for _, m := range inline.FindAllStringSubmatch(line, -1) {
					lines += checkLine(t, root, page, m[1])
				}
			}
		}
	}
	if lines < 200 {
		t.Errorf("only %d commands were found", lines)
	}
}

var (
	shownCall = regexp.MustCompile(`(?:^|[\s(;&|])sluice ([^;&|()]+)`)
	quoted    = regexp.MustCompile(`'[^']*'`)
	word      = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

// checkLine looks at each call of sluice in a line of shell, and tells how many
// there are.
func checkLine(t *testing.T, root *cobra.Command, where, line string) (calls int) {
	for _, m := range shownCall.FindAllStringSubmatch(quoted.ReplaceAllString(line, "X"), -1) {
		words := strings.Fields(m[1])
		if !word.MatchString(words[0]) { // "sluice: …", "sluice …"
			continue
		}
		c, rest, err := root.Find(words)
		if err != nil || c == root {
			t.Errorf("%s: %s: there is no such command", where, line)
			continue
		}
		calls++
		if c.DisableFlagParsing {
			continue
		}
		for i, w := range rest {
			if w == "--" || w == "#" || c.Name() == "run" && i > 0 && ownWords(c, rest[i-1], w) {
				break
			}
			name, _, _ := strings.Cut(strings.Trim(w, "`[].,"), "=")
			if long, ok := strings.CutPrefix(name, "--"); ok && long != "" && long != "help" && c.Flags().Lookup(long) == nil {
				t.Errorf("%s: %s: %s has no --%s", where, line, c.CommandPath(), long)
			}
		}
	}
	return calls
}

// ownWords tells whether w begins the command of sluice run: it is neither a flag nor
// the value of the flag before it.
func ownWords(run *cobra.Command, before, w string) bool {
	if strings.HasPrefix(w, "-") {
		return false
	}
	var f *pflag.Flag
	if long, ok := strings.CutPrefix(before, "--"); ok {
		f = run.Flags().Lookup(long)
	} else if short, ok := strings.CutPrefix(before, "-"); ok && len(short) == 1 {
		f = run.Flags().ShorthandLookup(short)
	}
	return f == nil || f.NoOptDefVal != ""
}
