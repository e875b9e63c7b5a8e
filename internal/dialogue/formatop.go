package dialogue

import (
	"strconv"
	"strings"
)

func (o Opt) text() string {
	if !o.Set {
		return ""
	}
	return showDuration(o.D)
}

func (o Opt) within(p *printer) {
	if o.Set {
		p.word("within", o.text())
	}
}

func (l Launch) write(p *printer) {
	p.option("as", l.As)
	if l.Size != (Size{}) {
		p.option("size", l.Size.String())
	}
	for _, e := range l.Env {
		p.option("env", e.word())
	}
	if l.Cwd != nil {
		p.option("cwd", l.Cwd.word())
	}
}

func (o *Run) write(p *printer) {
	p.word("run")
	o.Launch.write(p)
	for i, a := range o.Args {
		w := a.word()
		if i == 0 && strings.HasPrefix(w, "-") {
			w = a.quoted()
		}
		p.word(w)
	}
}

func (o *Shell) write(p *printer) {
	p.word("shell")
	o.Launch.write(p)
	if o.Prompt != nil {
		p.option("prompt", o.Prompt.quoted())
	}
	p.word(o.Kind)
}

func (o *Type) write(p *printer) {
	if o.Enter {
		p.word("line")
	} else {
		p.word("type")
	}
	p.option("pace", o.Pace.text())
	p.word(o.Text.quoted())
}

func (o *Press) write(p *printer) {
	p.word("press")
	p.option("pace", o.Pace.text())
	for _, k := range o.Keys {
		// What looks like an option or a comment is a key all the same.
		w := Literal(k).word()
		if strings.HasPrefix(k, "--") {
			w = Literal(k).quoted()
		}
		p.word(w)
	}
}

func (o *Paste) write(p *printer) {
	p.word("paste")
	if o.File != nil {
		p.word("<" + o.File.word())
		return
	}
	p.word(o.Text.quoted())
}

func (o *Raw) write(p *printer) { p.word("raw", o.Text.quoted()) }

func (o *Secret) write(p *printer) { p.word("secret", "$"+o.Env) }

func (o *Resize) write(p *printer) { p.word("resize", o.Size.String()) }

func (o *EOF) write(p *printer) { p.word("eof") }

func (o *Signal) write(p *printer) { p.word("signal", o.Name) }

func (o *Mouse) write(p *printer) {
	p.word("mouse", o.Do.Action)
	p.option("button", o.Do.Button)
	p.option("mods", strings.Join(o.Do.Mods, "+"))
	if o.Do.Count != 0 {
		p.option("count", strconv.Itoa(o.Do.Count))
	}
	if o.On != nil {
		p.word(o.On.quoted())
	} else {
		p.word(strconv.Itoa(o.Do.X) + "," + strconv.Itoa(o.Do.Y))
	}
	if o.Do.Action == "drag" {
		p.word("to", strconv.Itoa(o.Do.ToX)+","+strconv.Itoa(o.Do.ToY))
	}
}

func (o *Wait) write(p *printer) {
	p.word("wait")
	o.Cond.write(p)
	o.Within.within(p)
}

func (o *Expect) write(p *printer) {
	p.word("expect")
	if o.Not {
		p.word("not")
	}
	o.Cond.write(p)
	o.Within.within(p)
}

func (o *ExpectScreen) write(p *printer) {
	p.word("expect", "screen", o.File.word())
	for _, m := range o.Masks {
		p.word("mask", slashed(m))
	}
	o.Within.within(p)
}

func (o *Sleep) write(p *printer) { p.word("sleep", showDuration(o.D)) }

func (o *Set) write(p *printer) {
	p.word("set", o.Name)
	switch o.Name {
	case "env":
		p.word(o.Env.word())
	case "size":
		p.word(o.Size.String())
	default:
		p.word(showDuration(o.D))
		if o.Jitter != 0 {
			p.word("jitter", strconv.Itoa(int(o.Jitter))+"%")
		}
	}
}

func (o *Screenshot) write(p *printer) { p.word("screenshot", o.File.word()) }

func (o *Mark) write(p *printer) { p.word("mark", o.Label.quoted()) }

func (o *Hide) write(p *printer) { p.word("hide") }

func (o *Show) write(p *printer) { p.word("show") }

func (o *Echo) write(p *printer) { p.word("echo", o.Text.quoted()) }

func (o *Fail) write(p *printer) { p.word("fail", o.Text.quoted()) }

func (o *Again) write(p *printer) { p.word("again") }

func (o *Select) write(p *printer) { p.word("select") }

func (o *Output) write(p *printer) { p.word("output", Literal(o.File).word()) }

func (o *Include) write(p *printer) { p.word("include", Literal(o.File).word()) }

func (o *Within) write(p *printer) { p.word("within", showDuration(o.D)) }

func (o *Require) write(p *printer) {
	p.word("require")
	for _, name := range o.Programs {
		p.word(Literal(name).word())
	}
}

func (o *Repeat) write(p *printer) {
	p.word("repeat", strconv.Itoa(o.N))
	if o.Until != nil {
		p.word("until")
		o.Until.write(p)
	}
}

func (o *If) write(p *printer) {
	p.word("if")
	if o.Not {
		p.word("not")
	}
	o.Cond.write(p)
	o.Within.within(p)
}

func (o *On) write(p *printer) {
	p.word("on")
	o.Cond.write(p)
}

func (o *Let) write(p *printer) {
	p.word("let", o.Name, "=")
	switch {
	case o.Group != "":
		p.word("match", o.Group)
	case o.Env != "":
		p.word("env", o.Env)
		if o.Text != nil {
			p.word("or", o.Text.quoted())
		}
	default:
		p.word(o.Text.quoted())
	}
}
