package automaton

import (
	"math"
	"regexp/syntax"
)

// thread is an attempt at a match. Positions are characters since the begin of a
// run; those of a run before are negative.
type thread struct {
	pc         uint32
	start      int32
	open, shut int32 // the group Secret, or unset
}

const unset = math.MinInt32

// Match is where an expression matched: the characters [From, Until) of the run,
// of the group Secret if the expression has it. What lies in a run before is
// negative.
type Match struct {
	Rule        int
	From, Until int
	start       int32 // of the whole match
}

// stepper takes all threads over one character.
type stepper struct {
	*Set
	rule    *rule
	index   int
	flags   syntax.EmptyOp
	r       rune // -1 at the end
	pos     int32
	into    []thread
	stopped bool // a match was found: what has a lower priority is over
	found   func(rule int, t thread, end int32)
}

// step takes src, the threads of all expressions in order, over r. only tells of
// which expressions attempts begin here.
func (p *stepper) step(into, src []thread, before Kind, r rune, pos int32, only func(rule int) bool) []thread {
	p.flags, p.r, p.pos, p.into = syntax.EmptyOpContext(before.character(), r), r, pos, into
	p.tick()
	for i := range p.rules {
		p.rule, p.index, p.stopped = &p.rules[i], i, false
		end := uint32(len(p.insts))
		if i+1 < len(p.rules) {
			end = p.rules[i+1].first
		}
		n := 0
		for n < len(src) && src[n].pc < end {
			n++
		}
		if only != nil && !only(i) {
			src = src[n:]
			continue
		}
		for _, t := range src[:n] {
			if p.follow(t.pc, t) {
				p.tickBefore() // what leads to the match leads the next there as well
				break
			}
			if p.stopped {
				break
			}
		}
		src = src[n:]
		// A match that ended before r leaves room for one that begins with it.
		if !p.stopped && r >= 0 {
			p.follow(p.rule.start, thread{start: pos, open: unset, shut: unset})
		}
	}
	return p.into
}

// tick makes all instructions new again.
func (s *Set) tick() {
	s.tickBefore()
	if s.nowAfter++; s.nowAfter == 0 {
		clear(s.after)
		s.nowAfter = 1
	}
}

func (s *Set) tickBefore() {
	if s.nowBefore++; s.nowBefore == 0 {
		clear(s.before)
		s.nowBefore = 1
	}
}

// follow goes from pc to the instructions that take r, and over them. It is true
// when a match ends before r, which is the end of what has a lower priority.
func (p *stepper) follow(pc uint32, t thread) bool {
	for {
		in := &p.insts[pc]
		if in.Op != syntax.InstMatch { // which cuts what is below whoever comes there
			if p.before[pc] == p.nowBefore {
				return false
			}
			p.before[pc] = p.nowBefore
		}
		switch in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			if p.follow(in.Out, t) {
				return true
			}
			if p.stopped {
				return false
			}
			pc = in.Arg
			continue
		case syntax.InstCapture:
			t.capture(p.rule, in.Arg, p.pos)
		case syntax.InstNop:
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^p.flags != 0 {
				return false
			}
		case syntax.InstMatch:
			if t.start != p.pos {
				p.found(p.index, t, p.pos)
			}
			return true
		case syntax.InstFail:
			return false
		default:
			if p.r >= 0 && !(p.rule.lines && p.r == '\n') && in.MatchRune(p.r) {
				p.add(in.Out, t)
			}
			return false
		}
		pc = in.Out
	}
}

// add puts a thread that has taken r on the list: as far as it comes without
// knowing the next character.
func (p *stepper) add(pc uint32, t thread) {
	for {
		if p.stopped || p.after[pc] == p.nowAfter {
			return
		}
		p.after[pc] = p.nowAfter
		in := &p.insts[pc]
		switch in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			p.add(in.Out, t)
			pc = in.Arg
			continue
		case syntax.InstCapture:
			t.capture(p.rule, in.Arg, p.pos+1)
		case syntax.InstNop:
		case syntax.InstMatch:
			p.found(p.index, t, p.pos+1)
			p.stopped = true
			return
		case syntax.InstFail:
			return
		default:
			t.pc = pc
			p.into = append(p.into, t)
			return
		}
		pc = in.Out
	}
}

func (t *thread) capture(r *rule, slot uint32, pos int32) {
	switch slot {
	case r.open:
		t.open, t.shut = pos, unset
	case r.close:
		t.shut = pos
	}
}
