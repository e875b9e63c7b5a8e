// Package vt is a terminal emulator without a window: bytes of a program go in,
// and a screen that can be looked at comes out.
//
// A [Terminal] holds the whole state of one terminal: the cells of the main and
// of the alternate screen, the lines that scrolled off, the cursor, the modes
// that programs switch, the title, the colours. [Terminal.Write] feeds it; the
// same bytes give the same state wherever they are cut. Answers to questions
// that programs ask (what are you, where is the cursor) go to a callback.
//
// [Terminal.Snapshot] copies what can be seen into plain values; package
// vt/render draws a snapshot as text, JSON, HTML, SVG or PNG. [Terminal.Dump]
// writes the bytes that bring a fresh terminal into the same state.
//
// What a Terminal does is what xterm's ctlseqs document says; where that is silent
// it does as xterm.js. It is a VT420 with xterm's additions: margins on four sides,
// rectangles, selective erase, 24-bit colours, all underlines, hyperlinks, the kitty
// keyboard flags. Text is UTF-8, always. Differences that are meant:
//
//   - Grapheme clusters of more than one code point (flags, families, skin tones,
//     conjuncts) take one cell, or two, together. Programs switch it off and on with
//     mode 2027; off, only characters without a width join, as in xterm.
//   - A wrapped line is wrapped anew on Resize even where the cursor is in it, and
//     lines below the cursor are not thrown away.
//   - Titles are not told to programs that ask, see [Options].
//   - The alternate screen always begins empty.
//
// Everything that a program can make a Terminal keep has a limit; they are constants
// of this package.
//
// The package does no I/O, starts no goroutine and is not safe for concurrent
// use: whoever owns a Terminal guards it.
package vt
