package bpf

// machine is the architecture that this program runs on.
var machine = &amd64
