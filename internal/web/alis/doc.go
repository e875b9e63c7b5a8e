// Package alis is the wire format of asciinema's live streams, ALiS version 1:
// what a program that shows a terminal and those who watch it say to each other
// over a WebSocket with the sub-protocol "v1.alis".
//
// A stream is binary messages. The first is [Magic]; after it, every message is
// one [Event]: an Init, which holds a whole screen, then what happens to it, and
// an EOT at the end. A new Init may come at any time and takes the place of
// everything before; after an EOT nothing else may come but an Init.
//
// Numbers are unsigned LEB128, strings are their length and UTF-8, times are
// microseconds: in an Init since the stream began, in other events since the
// message before. Times never go back. Examples in asciinema's documentation show
// numbers of a fixed width; the programs use LEB128, and so does this package.
package alis
