package tcpstore

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Set stores value under key and returns when the server has done it.
func (c *Client) Set(ctx context.Context, key string, value []byte) error {
	req := appendString(appendString([]byte{byte(cmdSet)}, key), value)
	return c.silent(ctx, "setting", []string{key}, [][]byte{value}, req)
}

// Append adds value to the end of what is stored under key, or stores it if there
// is nothing, and returns when the server has done it.
func (c *Client) Append(ctx context.Context, key string, value []byte) error {
	req := appendString(appendString([]byte{byte(cmdAppend)}, key), value)
	return c.silent(ctx, "appending to", []string{key}, [][]byte{value}, req)
}

// MultiSet stores values[i] under keys[i], all at one moment, and returns when the
// server has done it.
func (c *Client) MultiSet(ctx context.Context, keys []string, values [][]byte) error {
	if len(keys) != len(values) {
		return fmt.Errorf("setting %s in the store at %s: %d keys but %d values", name(keys...), c.addr, len(keys), len(values))
	}
	req := appendU64([]byte{byte(cmdMultiSet)}, uint64(len(keys)))
	for i, k := range keys {
		req = appendString(appendString(req, k), values[i])
	}
	return c.silent(ctx, "setting", keys, values, req)
}

// silent sends a request that has no reply, and a PING behind it, whose reply says
// that the request was taken.
func (c *Client) silent(ctx context.Context, what string, keys []string, values [][]byte, req []byte) error {
	nonce := rand.Uint32()
	req = order.AppendUint32(append(req, byte(cmdPing)), nonce)
	return c.ask(ctx, what, keys, values, req, func(r *bufio.Reader) error {
		b, err := fixed(r, 4)
		if err == nil && order.Uint32(b) != nonce {
			err = fmt.Errorf("a PING was answered with %x instead of %x", b, nonce)
		}
		return err
	})
}

// ask checks what is sent, asks, and names it all in the error.
func (c *Client) ask(ctx context.Context, what string, keys []string, values [][]byte, req []byte, read func(*bufio.Reader) error) error {
	err := checkKeys(keys)
	for _, v := range values {
		if err == nil && len(v) > DefaultMaxValue {
			err = fmt.Errorf("a value has %d bytes, more than the %d that a store takes", len(v), DefaultMaxValue)
		}
	}
	if err == nil {
		err = c.do(ctx, req, read)
	}
	if err != nil {
		return fmt.Errorf("%s %s in the store at %s: %w", what, name(keys...), c.addr, err)
	}
	return nil
}

func checkKeys(keys []string) error {
	if len(keys) > DefaultMaxKeys {
		return fmt.Errorf("%d keys, more than the %d that a store takes in one request", len(keys), DefaultMaxKeys)
	}
	for _, k := range keys {
		if len(k) > DefaultMaxKey {
			return fmt.Errorf("a key has %d bytes, more than the %d that a store takes", len(k), DefaultMaxKey)
		}
	}
	return nil
}

// name lists some keys for an error.
func name(keys ...string) string {
	var b strings.Builder
	for i, k := range keys {
		if i == 3 {
			fmt.Fprintf(&b, " and %d more", len(keys)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.80q", k)
	}
	if len(keys) == 0 {
		return "no keys"
	}
	return b.String()
}

// Get returns what is stored under key, without waiting for it. ok tells whether
// there is anything.
//
// The protocol answers a missing key with an empty value. CHECK before and behind
// tells the two apart.
func (c *Client) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	var got []byte // not the results: see do
	var there bool
	check := appendKeys([]byte{byte(cmdCheck)}, []string{key})
	req := append(appendString(append(append([]byte{}, check...), byte(cmdGet)), key), check...)
	err = c.ask(ctx, "getting", []string{key}, nil, req, func(r *bufio.Reader) error {
		before, err := readByte(r)
		if err != nil {
			return err
		}
		v, err := readValue(r)
		if err != nil {
			return err
		}
		after, err := readByte(r)
		got, there = v, len(v) > 0 || before == replyReady && after == replyReady
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return got, there, nil
}

// MultiGet returns the values of all keys at one moment, without waiting for them.
// The value of a missing key is empty.
func (c *Client) MultiGet(ctx context.Context, keys ...string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var values [][]byte
	n := len(keys)
	err := c.ask(ctx, "getting", keys, nil, appendKeys([]byte{byte(cmdMultiGet)}, keys), func(r *bufio.Reader) error {
		for range n {
			v, err := readValue(r)
			if err != nil {
				return err
			}
			values = append(values, v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// Add adds delta to the number under key, 0 if there is none, and returns the sum.
// The number is kept as decimal text. If something else is stored there, or the sum
// does not fit, the server hangs up.
func (c *Client) Add(ctx context.Context, key string, delta int64) (int64, error) {
	req := appendU64(appendString([]byte{byte(cmdAdd)}, key), uint64(delta))
	return c.askNumber(ctx, "adding to", []string{key}, req)
}

// Delete removes key and tells whether it was there.
func (c *Client) Delete(ctx context.Context, key string) (bool, error) {
	n, err := c.askNumber(ctx, "deleting", []string{key}, appendString([]byte{byte(cmdDeleteKey)}, key))
	return n > 0, err
}

// NumKeys returns how many keys there are, queues not counted.
func (c *Client) NumKeys(ctx context.Context) (int64, error) {
	return c.askNumber(ctx, "counting keys with", nil, []byte{byte(cmdGetNumKeys)})
}

func (c *Client) askNumber(ctx context.Context, what string, keys []string, req []byte) (int64, error) {
	var n int64
	err := c.ask(ctx, what, keys, nil, req, func(r *bufio.Reader) error { return readI64(r, &n) })
	if err != nil {
		return 0, err
	}
	return n, nil
}

// CompareSet stores desired under key if expected is stored there, or if nothing
// is there and expected is empty. It returns what is stored afterwards. As in
// torch, a missing key with something expected is answered with expected, although
// nothing is stored.
func (c *Client) CompareSet(ctx context.Context, key string, expected, desired []byte) (current []byte, err error) {
	req := appendString(appendString(appendString([]byte{byte(cmdCompareSet)}, key), expected), desired)
	var v []byte
	err = c.ask(ctx, "comparing and setting", []string{key}, [][]byte{expected, desired}, req, func(r *bufio.Reader) (err error) {
		v, err = readValue(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Check tells whether all keys are there, without waiting for them.
func (c *Client) Check(ctx context.Context, keys ...string) (bool, error) {
	var b byte
	err := c.ask(ctx, "checking for", keys, nil, appendKeys([]byte{byte(cmdCheck)}, keys), func(r *bufio.Reader) (err error) {
		b, err = readByte(r)
		return err
	})
	return err == nil && b == replyReady, err
}
