package adopt

// unixPeer is what sock_diag(7) tells of a unix socket besides /proc/net/unix.
type unixPeer struct {
	ino, peer uint64
	kind      uint8
	name      string   // "@..." if it is abstract; escaped as in /proc/net/unix
	queue     []uint64 // the clients that are not accepted yet
	received  int      // bytes that wait; -1: not told
}
