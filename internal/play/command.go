package play

import (
	"sync"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/vt"
)

// command is what a key asks for.
type command uint8

const (
	doNothing command = iota
	doUnknown         // a key without a meaning
	doQuit
	doPause
	doStep
	doBack
	doLeft
	doRight
	doFarLeft
	doFarRight
	doMarkerBefore
	doMarkerAfter
	doSearch
	doNext
	doPrevious
	doFaster
	doSlower
	doPercent // with the digit
	doBegin
	doEnd
	doKeys
	doShot
	doHelp
	doRedraw
	doSuspend
)

var commands = map[string]command{
	"q": doQuit, "Ctrl+C": doQuit, "Space": doPause, ".": doStep, ",": doBack,
	"Left": doLeft, "Right": doRight, "Shift+Left": doFarLeft, "Shift+Right": doFarRight,
	"[": doMarkerBefore, "]": doMarkerAfter, "/": doSearch, "n": doNext, "N": doPrevious,
	"+": doFaster, "=": doFaster, "-": doSlower, "Home": doBegin, "End": doEnd,
	"k": doKeys, "s": doShot, "?": doHelp, "Ctrl+L": doRedraw, "Ctrl+Z": doSuspend,
	"0": doBegin,
}

// byKey is commands by the key itself, made when somebody plays: every start of
// sluice would pay for it.
var byKey = sync.OnceValue(func() map[keys.Key]command {
	m := map[keys.Key]command{}
	for name, c := range commands {
		k, err := keys.Parse(name)
		if err != nil {
			panic(err)
		}
		m[k] = c
	}
	return m
})

// keyOf is the key of a unit of input, ok if it is one that was pressed.
func keyOf(u keys.Unit) (k keys.Key, ok bool) {
	switch u.Kind {
	case keys.Text, keys.Control, keys.Sequence:
		return keys.Decode(u.Bytes, vt.Modes{})
	}
	return keys.Key{}, false
}

// commandOf is what a key asks for; digit goes with doPercent.
func commandOf(k keys.Key) (c command, digit int) {
	if k.Mods == 0 && k.Code >= '1' && k.Code <= '9' {
		return doPercent, int(k.Code - '0')
	}
	if c, ok := byKey()[k]; ok {
		return c, 0
	}
	return doUnknown, 0
}
