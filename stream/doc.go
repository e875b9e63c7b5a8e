// Package stream keeps what a worker writes: logs, the pumps that fill them and
// the followers that read them.
//
// A [Log] is the append-only truth behind one stream of one worker. It is filled
// in one of two ways:
//
//   - a [Pump] splices a pipe into it. The kernel moves the bytes from pipe to
//     file in one step, so that a SIGKILL finds each of them in one of the two;
//   - the worker holds a descriptor of the file itself ([LogOptions].Direct).
//
// Offsets are logical: byte 0 is the first byte ever written, and rotation never
// renumbers. The current file is always <name>; what was cut off is beside it as
// <name>.<from>-<to>, with .zst behind it once compressed. These names alone say
// which bytes a file holds, so any process can read a log by its path
// ([OpenFollower], [Size], [TailOffset]) while another one writes and rotates it.
//
// A log has one writing process at a time. After a SIGKILL the next one calls
// [Open], which finishes or undoes what was under way, and goes on at the end.
//
// Everything here needs Linux; elsewhere the functions return an error.
package stream
