package keys

import (
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

// Event says what happens to a key. Only programs that set the flag for events
// of the kitty protocol hear of more than presses.
type Event uint8

// The events, one less than their numbers in the kitty protocol.
const (
	Press Event = iota
	Repeat
	Release
)

// EncodeOptions say how a key is sent. The zero value presses it, exactly.
type EncodeOptions struct {
	// Approximate sends the nearest key where the modes of the program cannot
	// express the chord: Enter for Ctrl+Enter. Otherwise that is an error.
	Approximate bool
	// Event is Press, Repeat or Release. A Release, and for programs that did
	// not ask for events a Repeat as well, may be no bytes at all or the same as
	// a Press; that is no error.
	Event Event
}

// Encode returns the bytes that a terminal in the modes m sends when the key is
// pressed. The error is an [*Error] that says what would be sent instead if the
// modes cannot express the key; see [EncodeOptions].
//
// Without special modes the bytes are those of xterm with Alt sending an ESC
// before (altSendsEscape), which are written down in its control sequences,
// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html ("PC-Style Function
// Keys", "VT220-Style Function Keys").
func (k Key) Encode(m vt.Modes) ([]byte, error) { return k.EncodeWith(m, EncodeOptions{}) }

// EncodeWith is [Key.Encode] with options.
func (k Key) EncodeWith(m vt.Modes, o EncodeOptions) ([]byte, error) {
	if k.Code <= 0 || k.Code > lastCode || k.IsChar() && !utf8.ValidRune(rune(k.Code)) {
		return nil, &Error{Why: "there is no such key", Hint: "keys are made by Parse, Char or Decode"}
	}
	if m.Kitty&(vt.KittyEvents) == 0 && o.Event == Release {
		return nil, nil
	}
	if kittyOn(m) || o.Event == Release {
		if b := kitty(k, m, o.Event); b != nil {
			return b, nil
		}
		if o.Event == Release {
			return nil, nil
		}
	}
	if b := otherKeys(k, m); b != nil {
		return b, nil
	}
	b, near := legacy(k, m)
	if near == (Key{}) {
		if b == nil {
			return nil, &Error{
				Why:  "cannot send " + k.String() + ": only terminals with the kitty keyboard protocol have bytes for this key",
				Hint: "the program on this terminal did not ask for that protocol",
			}
		}
		return b, nil
	}
	if o.Approximate {
		return near.EncodeWith(m, o)
	}
	return nil, &Error{
		Why:  "cannot send " + k.String() + ": the program did not ask for a keyboard protocol that can tell it from " + near.String(),
		Hint: "send " + near.String() + ", or let the nearest be sent (--approximate)",
	}
}

// kittyOn tells whether the flags change what the press of a key sends.
func kittyOn(m vt.Modes) bool { return m.Kitty&(vt.KittyDisambiguate|vt.KittyAllKeys) != 0 }
