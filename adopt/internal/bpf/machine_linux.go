//go:build !amd64 && !arm64

package bpf

// machine is the architecture that this program runs on; nil: the registers of
// this one are not known here.
var machine *arch
