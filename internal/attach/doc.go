// Package attach is the client at the user's own terminal: it shows a session
// there and sends it what is typed.
//
//	keyboard ─ units ─ detach key ─ keymap ─ queue ─→ connection
//	screen ←─ output, redraws, notices ←───────────── connection
//
// [Run] serves one terminal until the session ends, the user detaches or the
// connection breaks. One goroutine decides everything; four others only carry:
// the keyboard's reader, the queue towards the session, the reader of the
// session's frames, which also writes the screen, and the pump of a standard
// input that is no terminal. All have ended when Run returns. While the one has
// nothing to do, the keyboard's reader decides in its place what becomes of a key:
// waking a goroutine takes longer than everything else that happens to the key.
//
// The user's terminal is left as it was found, whatever ends us. Where nothing
// of ours can run any more (kill -9, a panic in another goroutine) a second
// process does it, whose main is [Guard].
//
// A process in the background does not touch the terminal at all: not its
// settings, not its screen, not its keyboard. Shells tell nobody that a running
// job was brought to the foreground, so the client looks from time to time.
package attach
