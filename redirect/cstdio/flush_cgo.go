//go:build cgo

package cstdio

// #include <errno.h>
// #include <stdio.h>
//
// static int flush_all(void) {
//	return fflush(NULL) == 0 ? 0 : (errno ? errno : EIO);
// }
import "C"

import (
	"fmt"
	"syscall"
)

// Flush writes out the buffers of every output stream of the C library, as
// fflush(NULL) does. Like that, it waits for a stream that another thread has
// locked, for example in a blocking read. The error is the first one that the C
// library met; all other streams are flushed nevertheless.
func Flush() error {
	if errno := C.flush_all(); errno != 0 {
		return fmt.Errorf("flushing C streams: %w", syscall.Errno(errno))
	}
	return nil
}
