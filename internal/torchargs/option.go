package torchargs

import "strings"

// kind says what an option takes.
type kind uint8

const (
	onOff   kind = iota // nothing
	text                // any text
	integer             // what Python's int reads
	number              // what Python's float reads
	help                // nothing, and ends the reading
)

// option is one row of the table.
type option struct {
	name  string // with dashes; the spelling with underscores is implied
	short byte   // 0 for none
	kind  kind
	def   string // the default, as text
	// noVar: there is no PET_ variable for it.
	noVar bool
	// ours: torchrun has no such option. It takes no part in torchrun's
	// prefixes, so that what is unambiguous there stays so.
	ours bool
	// fallback is a variable that is asked when neither the command line nor
	// the PET_ variable says anything.
	fallback string
	choices  []string
	group    group
	meta     string // what the help page calls the value
	help     string
}

// dest is the option's name in Given, and in the variable after PET_.
func (o *option) dest() string { return strings.ReplaceAll(o.name, "-", "_") }

// variable is the option's PET_ variable, "" for none.
func (o *option) variable() string {
	if o.noVar || o.ours || o.kind == help {
		return ""
	}
	return "PET_" + strings.ToUpper(o.dest())
}

// spellings are all exact names, the preferred one first.
func (o *option) spellings() []string {
	names := []string{"--" + o.name}
	if d := o.dest(); d != o.name {
		names = append(names, "--"+d)
	}
	if o.short != 0 {
		names = append(names, "-"+string(o.short))
	}
	return names
}

// title is the option as errors name it: "-r/--redirects".
func (o *option) title() string {
	if o.short != 0 {
		return "-" + string(o.short) + "/--" + o.name
	}
	return "--" + o.name
}

func (o *option) takesValue() bool { return o.kind != onOff && o.kind != help }
