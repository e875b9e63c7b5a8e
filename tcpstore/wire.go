package tcpstore

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// order is that of the host, as in torch, which copies its integers.
var order = binary.NativeEndian

// magic follows the VALIDATE byte that a modern client begins with.
const magic = 0x3C85F7CE

// command is a query's code in the modern protocol.
type command uint8

const (
	cmdValidate command = iota
	cmdSet
	cmdCompareSet
	cmdGet
	cmdAdd
	cmdCheck
	cmdWait
	cmdGetNumKeys
	cmdDeleteKey
	cmdAppend
	cmdMultiGet
	cmdMultiSet
	cmdCancelWait
	cmdPing
	cmdQueuePush
	cmdQueuePop
	cmdQueueLen
	cmdListKeys
	cmdBarrier
	cmdWatchKey // legacy only: no code of the modern protocol
)

const (
	replyReady    = 0 // CHECK: all there. WAIT: the wait is over
	replyNotReady = 1 // CHECK
	replyCanceled = 1 // CANCEL_WAIT
)

// What WATCH_KEY's connection is sent; all but watchRegistered are followed by
// key, old value and new value.
const (
	watchUpdated = iota
	watchCreated
	watchDeleted
	watchRegistered
	watchAppended // torch 2.0
)

// command of a connection's generation. VALIDATE came in before SET and
// WATCH_KEY went, so the codes from DELETE_KEY on are the same in both.
func toCommand(code byte, legacy bool) (command, error) {
	switch {
	case !legacy && code <= byte(cmdBarrier):
		return command(code), nil
	case legacy && code < byte(cmdGetNumKeys):
		return command(code + 1), nil
	case legacy && code == byte(cmdGetNumKeys):
		return cmdWatchKey, nil
	case legacy && code <= byte(cmdCancelWait):
		return command(code), nil
	}
	return 0, breach(fmt.Sprintf("unknown command %d", code))
}

// breach is what a peer did against the protocol.
type breach string

func (b breach) Error() string { return string(b) }

func appendU64(b []byte, v uint64) []byte { return order.AppendUint64(b, v) }

func appendString[T string | []byte](b []byte, s T) []byte {
	return append(appendU64(b, uint64(len(s))), s...)
}

func appendKeys(b []byte, keys []string) []byte {
	b = appendU64(b, uint64(len(keys)))
	for _, k := range keys {
		b = appendString(b, k)
	}
	return b
}

// fixed reads n bytes, at most the buffer's size; they are good until the next read.
func fixed(r *bufio.Reader, n int) ([]byte, error) {
	b, err := r.Peek(n)
	if err != nil {
		return nil, err
	}
	r.Discard(n) // cannot fail, the bytes are there
	return b, nil
}

func readU64(r *bufio.Reader) (uint64, error) {
	b, err := fixed(r, 8)
	if err != nil {
		return 0, err
	}
	return order.Uint64(b), nil
}

// readBlob reads a length of at most limit and so many bytes. A peer that
// announces much and sends little costs little: memory grows with what arrives.
// take is asked before memory is used.
func readBlob(r *bufio.Reader, limit int, what string, take func(n int64) error) ([]byte, error) {
	u, err := readU64(r)
	if err != nil {
		return nil, err
	}
	if u > uint64(limit) {
		return nil, breach(fmt.Sprintf("a %s of %d bytes, more than %d", what, u, limit))
	}
	n := int(u)
	if err := take(int64(min(n, r.Size()))); err != nil {
		return nil, err
	}
	buf := make([]byte, min(n, r.Size()))
	have := 0
	for {
		m, err := io.ReadFull(r, buf[have:])
		have += m
		if err != nil || have == n {
			return buf, err
		}
		grown := min(n, 2*have)
		if err := take(int64(grown - have)); err != nil {
			return nil, err
		}
		buf = append(make([]byte, 0, grown), buf...)[:grown]
	}
}

// readCount reads the number of keys that a request announces.
func readCount(r *bufio.Reader, limit int) (int, error) {
	n, err := readU64(r)
	if err == nil && n > uint64(limit) {
		err = breach(fmt.Sprintf("%d keys in one request, more than %d", n, limit))
	}
	return int(min(n, uint64(limit))), err
}
