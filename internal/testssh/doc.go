// Package testssh starts a real OpenSSH server for tests, with keys of its own,
// and writes the client's configuration for it: `ssh -F CONFIG a true` works
// without a question. It needs Linux and Debian's openssh-server.
package testssh
