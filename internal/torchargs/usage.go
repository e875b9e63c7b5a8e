package torchargs

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// Usage writes the help page: torchrun's options by group, then what is accepted
// beside them, with the flags of extra, which may be nil.
func Usage(w io.Writer, extra *pflag.FlagSet) error {
	var b strings.Builder
	b.WriteString("usage: torchrun [OPTION]... SCRIPT [ARG]...\n\n" +
		"Runs SCRIPT in one or more processes on each of one or more machines. Options\n" +
		"stand before SCRIPT; what follows it is SCRIPT's. Names may be shortened as long\n" +
		"as they are clear, and written with dashes or underscores. Options of torchrun,\n" +
		"but for --logs-specs and --numa-binding, can be set by variables such as\n" +
		"PET_NPROC_PER_NODE=8. In arguments of SCRIPT, $local_rank and ${local_rank}\n" +
		"become the worker's local rank, and $$ becomes $.\n" +
		"\nExamples:\n" +
		"  torchrun --nproc-per-node 8 -t 3 train.py --epochs 10\n" +
		"  torchrun --nnodes 2:4 --rdzv-endpoint host0:29400 --tls keys train.py\n")
	p := newParser(extra)
	for g, title := range groupTitles() {
		fmt.Fprintf(&b, "\n%s:\n", title)
		for i := range p.options {
			if p.options[i].group == group(g) {
				p.options[i].describe(&b)
			}
		}
	}
	beside := pflag.NewFlagSet("", pflag.ContinueOnError)
	beside.SortFlags = false
	p.visitFlags(func(f *pflag.Flag) {
		flag := *f
		if flag.Shorthand != "" && p.names["-"+flag.Shorthand] != nil {
			flag.Shorthand = "" // torchrun's
		}
		beside.AddFlag(&flag)
	})
	if beside.HasFlags() {
		b.WriteString("\nFlags of sluice run:\n" + beside.FlagUsages())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// describe writes an option's entry: its name, then the text, on one line where
// the name is short.
func (o *option) describe(b *strings.Builder) {
	const column = 30
	name := "      --" + o.name
	if o.short != 0 {
		name = "  -" + string(o.short) + ", --" + o.name
	}
	if o.meta != "" {
		name += " " + o.meta
	}
	if len(name) >= column-1 {
		b.WriteString(name + "\n")
		name = ""
	}
	fmt.Fprintf(b, "%-*s", column, name)
	line := column
	for i, word := range strings.Fields(o.text()) {
		switch {
		case i > 0 && line+1+len(word) > 80:
			b.WriteString("\n" + strings.Repeat(" ", column))
			line = column
		case i > 0:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	b.WriteByte('\n')
}

// text is what the option does, with its default.
func (o *option) text() string {
	if o.def == "" {
		return o.help
	}
	return o.help + " (default " + o.def + ")"
}
