// Package coldjson is encoding/json for a process that encodes a value once: the
// bytes, and what they mean, are the same. encoding/json looks at a type as a whole
// before it encodes the first value of it, which for a large struct takes a hundred
// times as long as the value; that is a part of every start of a run. This looks only
// at what is there. What it does not know (maps, floats, embedded pointers) it gives to
// encoding/json.
package coldjson
