package tcpstore

import "bytes"

// set reads n keys with their values and sets them all at once.
func (c *conn) set(n int) error {
	var pairs []pair
	for range n {
		key, err := c.key()
		if err != nil {
			return err
		}
		value, err := c.value()
		if err != nil {
			return err
		}
		pairs = append(pairs, pair{key, value})
	}
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.key
	}
	if err := c.s.enter(c, names...); err != nil {
		return err
	}
	defer c.s.leave()
	for _, p := range pairs {
		if err := c.s.put(c, p.key, p.value, false); err != nil {
			return err
		}
	}
	return nil
}

// get answers the values of all keys as they are at one moment; a missing one is
// empty. Large values are not copied.
func (c *conn) get(keys []string) error {
	values := make([][]byte, len(keys))
	if err := c.s.enter(c, keys...); err != nil {
		return err
	}
	large := int64(0)
	for i, k := range keys {
		values[i] = c.s.store.keys[k]
		large += int64(len(values[i]))
	}
	c.s.leave()
	if large > largeReply {
		if err := c.take(large); err != nil {
			return err
		}
	}
	var parts [][]byte
	var cur []byte
	for _, v := range values {
		cur = appendU64(cur, uint64(len(v)))
		if len(v) < readBuffer {
			cur = append(cur, v...)
			continue
		}
		parts = append(parts, cur, v)
		cur = nil
	}
	if len(cur) > 0 {
		parts = append(parts, cur)
	}
	if len(parts) == 0 {
		return nil // MULTI_GET of nothing
	}
	return c.reply(parts...)
}

func (c *conn) compareSet(key string) error {
	expected, err := c.value()
	if err != nil {
		return err
	}
	desired, err := c.value()
	if err != nil {
		return err
	}
	var current []byte
	err = c.do(key, func() error { current, err = c.s.compareSet(c, key, expected, desired); return err })
	if err != nil {
		return err
	}
	return c.reply(appendU64(nil, uint64(len(current))), current)
}

func (c *conn) check(keys []string) error {
	if err := c.s.enter(c, keys...); err != nil {
		return err
	}
	answer := byte(replyNotReady)
	if c.s.store.hasAll(keys) {
		answer = replyReady
	}
	c.s.leave()
	return c.reply([]byte{answer})
}

// await answers once all keys are there: now, or by whoever brings the last one.
func (c *conn) await(keys []string) error {
	if err := c.s.enter(c, keys...); err != nil {
		return err
	}
	ready := c.s.store.hasAll(keys)
	if !ready {
		c.s.wait(c, keys, false)
	}
	c.s.leave()
	if ready {
		return c.reply([]byte{replyReady})
	}
	return nil
}

// barrier counts the callers in the key. The one that makes it world or more ends
// the waits of those before.
func (c *conn) barrier(key string, world int64) error {
	full := false
	err := c.do(key, func() error {
		n, err := c.s.add(c, key, 1, true)
		if err != nil {
			return err
		}
		if full = n >= world; full {
			c.s.store.wake(key)
			return nil
		}
		// What the request paid is spent on the key if that is new.
		cost := entryCost + int64(len(key))
		if more := cost - c.held; more > 0 {
			if err := c.take(more); err != nil {
				return err
			}
		}
		c.s.wait(c, []string{key}, true)
		return nil
	})
	if err != nil || !full {
		return err
	}
	return c.reply([]byte{replyReady})
}

func (c *conn) pop(key string) error {
	var n int
	var value []byte
	err := c.do(key, func() error { n, value = c.s.pop(key); return nil })
	switch {
	case err != nil:
		return err
	case n == 0:
		return c.number(0, nil)
	}
	return c.reply(appendU64(appendU64(nil, uint64(n)), uint64(len(value))), value)
}

func (c *conn) numKeys() error {
	if err := c.s.enter(c); err != nil {
		return err
	}
	n := len(c.s.store.keys)
	c.s.leave()
	return c.number(int64(n), nil)
}

func (c *conn) listKeys() error {
	if err := c.s.enter(c); err != nil {
		return err
	}
	size := int64(8)
	for k := range c.s.store.keys {
		size += 8 + int64(len(k))
	}
	err := c.take(size) // the keys are copied
	var b bytes.Buffer
	if err == nil {
		b.Grow(int(size))
		b.Write(appendU64(b.AvailableBuffer(), uint64(len(c.s.store.keys))))
		for k := range c.s.store.keys {
			b.Write(appendString(b.AvailableBuffer(), k))
		}
	}
	c.s.leave()
	if err != nil {
		return err
	}
	return c.reply(b.Bytes())
}
