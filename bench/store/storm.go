package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// storm connects n clients at once. Each does what torch 1.13's constructor and
// first get do: it counts itself in under init/, and waits for a key that is set
// when all have arrived. It is over when the last one has been told.
//
// The clients are ours, on both sides: torch's constructor keeps Python's lock, so
// that 512 of them would need 512 processes. They speak the legacy protocol, the
// only one that torch 1.13's server knows.
func storm(port, n int) (time.Duration, error) {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	key := fmt.Sprintf("/go%d", time.Now().UnixNano())
	begin := time.Now()
	counter := fmt.Sprintf("init/%s", key)
	errs := make(chan error, n)
	for range n {
		go func() { errs <- arrive(addr, counter, key, n) }()
	}
	var err error
	for range n {
		err = errors.Join(err, <-errs)
	}
	return time.Since(begin), err
}

func arrive(addr, counter, key string, n int) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(time.Minute))
	count := binary.NativeEndian.AppendUint64(text([]byte{3}, counter), 1)
	reply := make([]byte, 8)
	if _, err := nc.Write(count); err != nil {
		return err
	}
	if _, err := io.ReadFull(nc, reply); err != nil {
		return fmt.Errorf("counting in: %w", err)
	}
	if binary.NativeEndian.Uint64(reply) == uint64(n) {
		if _, err := nc.Write(text(text([]byte{0}, key), "")); err != nil {
			return err
		}
	}
	if _, err := nc.Write(text(binary.NativeEndian.AppendUint64([]byte{5}, 1), key)); err != nil {
		return err
	}
	if _, err := io.ReadFull(nc, reply[:1]); err != nil {
		return fmt.Errorf("waiting for the others: %w", err)
	}
	if reply[0] != 0 {
		return fmt.Errorf("waiting for the others: the answer is %d instead of 0", reply[0])
	}
	return nil
}

func text(b []byte, s string) []byte {
	return append(binary.NativeEndian.AppendUint64(b, uint64(len(s))), s...)
}
