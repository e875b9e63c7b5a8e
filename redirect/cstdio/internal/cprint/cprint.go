//go:build cgo

// Package cprint prints with C's stdio, for tests (which may not use cgo
// themselves).
package cprint

// #include <stdio.h>
// #include <stdlib.h>
// static void print(const char *s) { printf("%s", s); }
// static void complain(const char *s) { fprintf(stderr, "%s", s); }
import "C"

import "unsafe"

// Stdout leaves text in the buffer of C's stdout, which is full only after some
// kilobytes where stdout is not a terminal.
func Stdout(text string) {
	s := C.CString(text)
	defer C.free(unsafe.Pointer(s))
	C.print(s)
}

// Stderr writes text to C's stderr, which has no buffer.
func Stderr(text string) {
	s := C.CString(text)
	defer C.free(unsafe.Pointer(s))
	C.complain(s)
}
