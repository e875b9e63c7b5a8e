// Package cstdio empties the buffers of the C library's stdio, for programs
// with C code that redirect their own streams with package redirect:
//
//	redirect.Stdout("out.log", redirect.Flush(cstdio.Flush))
//
// It is a package of its own because it needs cgo and redirect does not. Built
// without cgo there is no C code whose buffers could hold anything, and Flush
// does nothing.
package cstdio
