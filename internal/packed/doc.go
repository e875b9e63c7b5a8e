// Package packed is one file with two programs: a small one that starts quickly,
// and behind it, compressed, the one that can do everything. The small one unpacks
// the other when it is needed.
//
//	the small program, as the linker wrote it
//	the other one: one zstd frame
//	trailer, 36 bytes, numbers little-endian:
//	  8  length of the frame
//	  8  length of the program in it
//	  4  CRC-32C of the frame
//	  4  CRC-32C of the trailer's 20 bytes before
//	  4  version of this format: 1
//	  8  "sluice\xffP"
//
// A kernel executes such a file as if the rest were not there. strip(1) takes the
// rest away. The sums are against accidents: who can write the file can write
// anything into it.
package packed
