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
// The package does no I/O, starts no goroutine and is not safe for concurrent
// use: whoever owns a Terminal guards it.
package vt
