//go:build !linux

package tcpstore

import "net"

const maxDirect = 0

func makeDirect(nc net.Conn) net.Conn { return nc }
