// Package keys knows what keyboards, mice and pastes become as bytes for a
// program on a terminal, and what such bytes mean.
//
// A [Key] is one key with the modifiers held down. [Parse] and [ParseAll] read
// its name in the notations people know from other tools, [Key.Encode] gives the
// bytes that a terminal sends for it in the modes which the program has set, and
// [Decode] goes back. [Mouse], [Paste] and [Focus] do the same for their kind of
// input. [Expand] reads text with keys in angle brackets, [Unescape] bytes
// written with backslashes.
//
// A [Splitter] cuts what a real terminal sends into units that must not be torn
// apart, so that input of others can be put between them. A [Keymap] translates
// keys before the program sees them.
//
// A terminal knows the layout of its keyboard and this package does not: where a
// rule needs to know which character a key gives together with Shift, the layout
// is that of the United States, as in xterm's own tables. So Shift+1 is the same
// key as !, and Ctrl+Shift+- the same as Ctrl+_.
//
// The package does no I/O, starts no goroutine and reads no clock.
package keys
