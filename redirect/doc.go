// Package redirect sends the calling process's own stdout and stderr to files.
//
// It works at the descriptor, not at the os.Stdout variable, so it catches
// everything that the process writes from then on: Go code, C code in the same
// process, the runtime's own panic traces, and the children it starts
// afterwards.
//
//	r, err := redirect.Both("out.log", "err.log")
//	if err != nil {
//		return err
//	}
//	defer r.Restore()
//
// # Which call
//
//   - [Stdout], [Stderr]: one stream to one file.
//   - [Both]: both at once, to two files or, with the same path twice, to one
//     file that both share.
//   - [Stream]: the stream is chosen by name ("stdout", "stderr"), for names
//     that come from flags or configuration.
//
// A file is truncated unless [Append] is given, and made if it is not there.
// It is always opened for appending, so that nobody can overwrite what another
// holder of the same file wrote. A file that another redirection still in place
// writes to is shared with it: one open file description, no truncation.
//
// With [Tee] the bytes go to the file first and then to where the stream went
// before.
//
// # Restore
//
// [Redirection.Restore] puts back exactly what was there: the same open file
// description under the same number with the same close-on-exec flag (a
// descriptor that was closed is closed again). It may be called any number of
// times and from any goroutine.
//
// Redirections nest. Restoring the inner one first is the usual order, but not
// a duty: one that is restored while a later one lies over it is taken out from
// beneath, the later one stays in force, and goes back to what lay below both.
// Whatever the order, when all are restored the descriptor is the first one
// again.
//
// When a call fails nothing was changed: both descriptors are as they were, no
// file was truncated, and a file that the call had made is gone again.
//
// All functions may be called from several goroutines. The streams belong to
// the process, so the redirections of all goroutines form one stack per stream.
//
// # Tee
//
// A tee puts a pipe on the descriptor and a goroutine behind it.
//
//   - Restore returns when every byte written before it was called has arrived
//     in the file and in the former destination. If that destination takes
//     nothing (a stopped terminal, a pipe that nobody reads) the writers wait
//     for it, as they do with tee(1), and so does Restore.
//   - A child that still holds the pipe is neither waited for nor cut off.
//     Restore returns once the bytes that were there have been passed on; what
//     the child writes later is still delivered to both, and the goroutine and
//     its descriptors go when the last holder closes the pipe.
//   - When the former destination fails (a terminal that was closed), the file
//     still gets every byte; when the file fails (a full disk), the former
//     destination does. Restore reports either with the number of bytes it cost.
//   - With the same path for both streams, and both going to the same terminal
//     or pipe before, there is one pipe for both and their order is kept.
//   - The bytes in the pipe are lost if the process ends without Restore: by
//     os.Exit, by log.Fatal or by a crash. A program whose panic trace must reach
//     the file uses a plain redirection for stderr, or hands the file to
//     [runtime/debug.SetCrashOutput].
//
// # C code
//
// The C library has buffers of its own. What printf left in them before the
// switch would come out after it, in the wrong place. Package redirect is pure
// Go, so that static programs stay static; programs with C code say
//
//	redirect.Stdout("out.log", redirect.Flush(cstdio.Flush))
//
// with package redirect/cstdio, and the buffers are emptied before each switch.
// Buffers in Go (a bufio.Writer on os.Stdout) are the caller's to flush.
//
// # Systems
//
// Linux, macOS and the BSDs work as described. Windows has no descriptor that
// all code shares: there the process's standard handle and the os.Stdout or
// os.Stderr variable are replaced, which reaches Go code and children, but not
// a C runtime that has already opened its own stdout.
package redirect
