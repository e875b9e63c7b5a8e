// Package render turns a snapshot of a terminal into something to read, to
// compare or to look at.
//
//	Text  plain lines                       for people, grep and prompts
//	ANSI  lines with colours                for cat and less -R
//	JSON  runs of cells, or single cells    for programs; ParseJSON reads it back
//	HTML  a page or a <pre>                 for the web
//	SVG   a drawing, sharp at any size      for documents
//	PNG   pixels, with fonts built in       for everything else
//	Hash  a short name of what is seen      for "did anything change?"
//	Diff  the cells that differ             for tests that expect a screen
//
// All of them read the snapshot through the same walk, so they agree on what a
// cell shows: a blank where nothing was written, a replacement character where
// text holds a control character (a snapshot that was read from a file may hold
// anything), blanks where half of a wide character was cut off.
//
// Lines, blocks, braille and the triangles of status lines are drawn as shapes
// and not as glyphs, in SVG and in PNG from the same description, so that they
// join whatever the font.
//
// Nothing is kept between calls but the parsed built-in fonts, which are read at
// the first picture. All functions may be called from several goroutines, also
// with the same snapshot; none changes it.
package render
