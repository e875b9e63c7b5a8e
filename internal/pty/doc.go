// Package pty makes pseudo-terminals and looks after the user's own one.
//
// A [Master] is the side of a pseudo-terminal that a terminal program holds:
// [Open] makes one, together with the slave, which is for the program that runs
// on it. Everything a master can be asked without disturbing that program is
// there: its size, its line discipline, who is in the foreground ([Master.State]).
//
// The other half of the package is about the terminal that we were started on:
// [OpenTTY], raw mode and the way back ([Save], [MakeRaw], [Saved.Restore]),
// suspension with ^Z ([Suspend]), its size as it changes ([WatchSize]), and the
// restoration by another process when ours was killed ([Watch]).
//
// Two rules run through it. No descriptor is ever taken with [os.File.Fd], which
// makes the file blocking for good: deadlines and Close would no longer end a
// Read. And O_NONBLOCK is never set on a descriptor that was inherited: the flag
// belongs to the open file description, which the user's shell shares.
//
// It is complete on Linux. On macOS it does what the kernel there can do; each
// function says what is missing. Everywhere else the functions return
// [errors.ErrUnsupported].
package pty
