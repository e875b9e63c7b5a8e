// Package cast reads and writes recordings of terminals: asciicasts of versions 1
// to 3, which asciinema, its player and many converters read; typescripts of
// script with their timing, advanced and classic; ttyrec's files; and raw bytes.
//
// [Open] and [NewReader] see from the content what a recording is, and give its
// [Header] and its events one by one. Memory is needed for one event (of version
// 1, which is one object of JSON, for the file). [NewWriter] and [NewScriptWriter]
// write any format; [Create] makes files, and goes on with such that are there.
// To convert is to write what is read:
//
//	w.SetExact(true)
//	for e, err := range r.All() {
//		if err != nil {
//			return err
//		}
//		if err := w.Write(e); err != nil {
//			return err
//		}
//	}
//	return w.Close()
//
// The formats are described in asciinema's documentation and in script(1),
// scriptreplay(1) and ttyrec(1). Where these leave a choice, the bytes are those
// that asciinema 3 writes: the order of the header's keys, the decimals of times,
// the escapes in strings, and the code x for the exit status in version 2 as well,
// whose readers pass over it.
//
// # What is not as it should be
//
// A [Reader] makes the best of it and says so with a [Warning]: a last line that
// is cut, half surrogate pairs, negative times (time does not go back), header
// fields that are none. A line in the middle that makes no sense is an error with
// its number, or with [ReadOptions.Lenient] a warning. [Repair] makes files whole.
// Keys of the header, codes and comments that are not known are kept.
//
// # What the formats hold
//
// Versions 2 and 3 hold everything; version 2 has times of microseconds, and
// version 3 of milliseconds, rounded so that the sum does not drift. Comments are
// events of the code # in version 2. The advanced typescript holds everything as
// well, in lines that script's tools pass over: a header HEADER with the header
// as version 3 has it, and EVENT with the code and data of what is not output,
// input, resize or signal. Such lines longer than 8000 bytes are left out, as
// scriptreplay could not go on behind them.
//
// Version 1, the classic typescript and raw bytes hold the output; the typescript
// also the exit status, and raw bytes no times. ttyrec's files hold output and
// sizes, as the sequence ESC [ 8 ; rows ; columns t in a frame of its own, the
// first at the begin: output of nothing but this sequence is read as a resize.
//
// # Bytes that are no text
//
// Asciicasts are made of text, and what programs write is bytes. An event's text
// ends where a character is cut, whose bytes come with the event that brings the
// rest; each maximal subpart that is no UTF-8 is U+FFFD. So that nothing is lost,
// versions 2 and 3 then have an event of the private code b before, at the same
// time, which other programs ignore. Its data is, with one blank between:
//
//	o20          the code of the next event, which is o or i, and the length of its
//	             text, in bytes
//	5:/w         5 bytes further in the text U+FFFDs stand for these bytes, in
//	             base64 (standard, not padded); as often as there are such places,
//	             each counted from the end of the one before
//	-            the cut character before this event is not gone on with (Forget)
//	+4oI         behind the text, the event had these bytes as well: the begin of a
//	             character, which comes again, whole, with the next event of the
//	             same code
//
// An event that has nothing but the rest of a character that came to no end is
// written when the recording ends, and is none for a reader that knows b. A b that
// does not fit the text behind it (somebody has edited it) is ignored, with a
// warning. + and - are written only by a [Writer] with SetExact.
package cast
