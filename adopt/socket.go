package adopt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// SocketState is what the kernel tells of a socket.
type SocketState struct {
	Family string `json:"family"`           // unix, tcp, tcp6, udp, udp6, raw, netlink, packet, ...
	Type   string `json:"type,omitempty"`   // stream, dgram, seqpacket, of unix sockets
	State  string `json:"state,omitempty"`  // listening, connected, established, ...
	Local  string `json:"local,omitempty"`  // its address; of a unix socket a path or an @abstract name
	Remote string `json:"remote,omitempty"` // the peer's address
	// Peer is the inode of the peer, 0 if that is not known, not on this machine or
	// not accepted yet.
	Peer uint64 `json:"peer,omitempty"`
	// Received are the bytes that wait to be read, Sent those that the peer has
	// not got yet; nil if it was not told.
	Received *int64 `json:"received,omitempty"`
	Sent     *int64 `json:"sent,omitempty"`

	ino           uint64
	local, remote netip.AddrPort
	queue         []uint64 // the clients that a listener has not accepted yet
}

// unixTypes are SOCK_STREAM and the like.
var unixTypes = map[uint64]string{1: "stream", 2: "dgram", 5: "seqpacket"}

// tcpStates are those of net/tcp_states.h.
var tcpStates = []string{1: "established", "syn-sent", "syn-received", "fin-wait-1", "fin-wait-2", "time-wait", "closed",
	"close-wait", "last-ack", "listening", "closing", "new-syn-received"}

// parseUnix reads /proc/net/unix (proc_pid_net(5)). A name is the rest of its line
// and may hold blanks; what a name with a line break adds is passed over.
func parseUnix(data []byte) ([]SocketState, error) {
	var all []SocketState
	for i, line := range lines(data) {
		if i == 0 && strings.HasPrefix(line, "Num") {
			continue
		}
		f, name := fields(line, 7)
		if len(f) < 7 {
			continue
		}
		ino, err := strconv.ParseUint(f[6], 10, 64)
		kind, err2 := strconv.ParseUint(f[4], 16, 16)
		flags, err3 := strconv.ParseUint(f[3], 16, 32)
		state, err4 := strconv.ParseUint(f[5], 16, 8)
		if err != nil || err2 != nil || err3 != nil || err4 != nil {
			continue
		}
		s := SocketState{Family: "unix", Type: unixTypes[kind], Local: name, ino: ino}
		switch {
		case flags&0x10000 != 0: // SO_ACCEPTCON
			s.State = "listening"
		case state == 3: // SS_CONNECTED
			s.State = "connected"
		case state == 2:
			s.State = "connecting"
		case state == 4:
			s.State = "disconnecting"
		default:
			s.State = "unconnected"
		}
		all = append(all, s)
	}
	return all, nil
}

// parseInet reads /proc/net/tcp, udp and those like them, with 4 or 6 for the
// version. Addresses are words in the byte order of the machine.
func parseInet(data []byte, family string) ([]SocketState, error) {
	var all []SocketState
	for i, line := range lines(data) {
		if i == 0 {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 10 {
			return nil, fmt.Errorf("too few fields in %q", line)
		}
		s := SocketState{Family: family}
		var err error
		if s.local, err = parseAddr(f[1]); err != nil {
			return nil, err
		}
		if s.remote, err = parseAddr(f[2]); err != nil {
			return nil, err
		}
		state, err := strconv.ParseUint(f[3], 16, 8)
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		if s.ino, err = strconv.ParseUint(f[9], 10, 64); err != nil {
			return nil, fmt.Errorf("inode: %w", err)
		}
		tx, rx, _ := strings.Cut(f[4], ":")
		sent, err := strconv.ParseInt(tx, 16, 64)
		got, err2 := strconv.ParseInt(rx, 16, 64)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("queues: %q", f[4])
		}
		if int(state) < len(tcpStates) {
			s.State = tcpStates[state]
		}
		if !strings.HasPrefix(family, "tcp") && s.State == "closed" {
			s.State = "unconnected" // all the others have is two of TCP's states
		}
		if s.State != "listening" { // there they are lengths of queues of clients
			s.Sent, s.Received = &sent, &got
		}
		s.Local = s.local.String()
		if s.remote.Port() != 0 || !s.remote.Addr().IsUnspecified() {
			s.Remote = s.remote.String()
		}
		all = append(all, s)
	}
	return all, nil
}

func parseAddr(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	if err == nil && len(b) != 4 && len(b) != 16 {
		err = fmt.Errorf("%d bytes", len(b))
	}
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err == nil {
		err = err2
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: %w", text, err)
	}
	for w := b; len(w) > 0; w = w[4:] {
		binary.NativeEndian.PutUint32(w, binary.BigEndian.Uint32(w))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a, uint16(n)), nil
}

// parseInodes reads /proc/net/netlink and packet, of which the inode is the tenth
// or the ninth column.
func parseInodes(data []byte, family string, column int) ([]SocketState, error) {
	var all []SocketState
	for i, line := range lines(data) {
		if i == 0 {
			continue
		}
		f := strings.Fields(line)
		if len(f) < column {
			return nil, fmt.Errorf("too few fields in %q", line)
		}
		ino, err := strconv.ParseUint(f[column-1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("inode: %w", err)
		}
		all = append(all, SocketState{Family: family, ino: ino})
	}
	return all, nil
}

// lines are those of a file, without their ends.
func lines(data []byte) []string {
	text := string(bytes.TrimSuffix(data, []byte("\n")))
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// fields cuts n fields off a line; rest is what follows the blank after the last.
func fields(line string, n int) (f []string, rest string) {
	for rest = line; len(f) < n; {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			break
		}
		var one string
		one, rest, _ = strings.Cut(rest, " ")
		f = append(f, one)
	}
	return f, rest
}
