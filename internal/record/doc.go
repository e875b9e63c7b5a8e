// Package record writes recordings while programs run.
//
// A [Recorder] follows the logs of a session, as any other process could, and so
// hinders nobody: it may be slow, its disk may be full, and the program and what
// people see of it go on. Everything that it has read is in the file before it
// reads on, in whole lines.
package record
