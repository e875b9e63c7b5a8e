// Package cast writes recordings of terminals in the asciicast format, which
// asciinema, its player and many converters read.
//
// A [Writer] makes version 2: a [Header] in one line of JSON, and then a line
// for each event. The format is described in asciinema's documentation
// (asciicast v2); where that leaves a choice, the bytes are those that asciinema
// 3 itself writes: the order of the header's keys, the decimals of times, the
// escapes in strings, and the code x for the exit status, which is of version 3
// and which readers of version 2 pass over.
//
// The format is made of text, and what programs write is bytes. Valid UTF-8 comes
// out as it went in, wherever it was cut; what is not becomes U+FFFD, and cannot
// be had back.
package cast
