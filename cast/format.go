package cast

import (
	"fmt"
	"strings"
)

// Format is a way to write recordings down.
type Format uint8

const (
	// V1 to V3 are asciicast versions 1 to 3.
	V1 Format = iota + 1
	V2
	V3
	// Script is script's typescript with its timing, in a file of its own, in the
	// advanced format; ScriptClassic with the classic one, which has the output
	// alone.
	Script
	ScriptClassic
	// TTYRec is ttyrec's format: output alone.
	TTYRec
	// Raw is the output's bytes, without times.
	Raw
)

var formatNames = [...]string{V1: "v1", V2: "v2", V3: "v3", Script: "script", ScriptClassic: "script-classic", TTYRec: "ttyrec", Raw: "raw"}

func (f Format) String() string {
	if f < V1 || int(f) >= len(formatNames) {
		return fmt.Sprintf("format %d", uint8(f))
	}
	return formatNames[f]
}

// ParseFormat reads a format's name, as String gives it.
func ParseFormat(name string) (Format, error) {
	for f := V1; int(f) < len(formatNames); f++ {
		if formatNames[f] == strings.ToLower(name) {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%q is no format of recordings: one of %s", name, strings.Join(formatNames[V1:], ", "))
}
