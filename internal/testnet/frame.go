package testnet

import "encoding/binary"

const (
	// A frame is a struct virtio_net_hdr and what was on the wire.
	frameHeader = 10
	etherHeader = 14
	maxFrame    = frameHeader + etherHeader + 1<<16
)

// reaches tells whether a frame is for the machine with that hardware address:
// for it alone, or for many. IPv6 reaches nobody: what kernels say there by
// themselves would make the random numbers of faults depend on time.
func reaches(frame []byte, mac [6]byte) bool {
	if len(frame) < frameHeader+etherHeader || etherType(frame) == 0x86dd {
		return false
	}
	to := [6]byte(frame[frameHeader:])
	return to == mac || to[0]&1 == 1
}

func etherType(frame []byte) uint16 { return binary.BigEndian.Uint16(frame[frameHeader+12:]) }

// payload counts the bytes that a frame carries for programs: those in TCP or UDP
// over IPv4. Of a datagram in fragments only the first is counted.
func payload(frame []byte) int64 {
	if len(frame) < frameHeader+etherHeader+20 {
		return 0
	}
	if etherType(frame) != 0x0800 {
		return 0
	}
	ip := frame[frameHeader+etherHeader:]
	headers, total := int(ip[0]&0xf)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if ip[0]>>4 != 4 || headers < 20 || total > len(ip) || binary.BigEndian.Uint16(ip[6:])&0x1fff != 0 {
		return 0
	}
	switch ip[9] {
	case 6:
		if headers+20 > total {
			return 0
		}
		headers += int(ip[headers+12]>>4) * 4
	case 17:
		headers += 8
	default:
		return 0
	}
	return int64(max(0, total-headers))
}
