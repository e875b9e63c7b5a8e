// Package tcpstore speaks the protocol of PyTorch's TCPStore: a server that the
// workers of a torch job meet at, and a client for the agents that run it.
//
// Two generations are served on one port, told apart by the first bytes of a
// connection:
//
//   - modern (torch 2.1 and later): VALIDATE with a magic number comes first.
//     Commands 0 to 18, of which QUEUE_PUSH and later are torch 2.8's and newer.
//   - legacy (torch 1.13 and 2.0): the first query comes at once. SET is 0, and a
//     second connection per client waits for the callbacks of WATCH_KEY.
//
// Numbers are in the host's byte order and unpadded, strings and values are a u64
// length and the bytes. The store is flat: what torch calls a prefix is part of the
// key, and torch's own TCPStore class puts a "/" before every key but "init/".
//
// There is neither TLS nor a password, as with torch. Whoever reaches the port
// reads and writes everything: listen where only the job's machines can connect.
//
// A connection that breaks a rule (an unknown command, a key too long) is closed
// and counted in [Stats]; the protocol has no way to answer with an error. No
// connection can make another one wait: replies are written by the connection's
// own goroutine, and what others send it (the end of a wait, a callback) is put
// into its socket without blocking, or into its own queue.
package tcpstore
