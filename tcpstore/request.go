package tcpstore

import "fmt"

// largeReply is the size from which on a reply under way is charged: its client
// may be slow to read it, and what it holds may be deleted meanwhile.
const largeReply = 64 << 10

// pair is what SET sets.
type pair struct {
	key   string
	value []byte
}

// request reads one query, does it and writes its reply.
func (c *conn) request() error {
	code, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	cmd, err := toCommand(code, c.legacy)
	if err != nil {
		return err
	}
	c.settle()
	switch cmd {
	case cmdValidate:
		n, err := c.u32()
		if err == nil && n != magic {
			err = breach(fmt.Sprintf("VALIDATE with %#x instead of %#x", n, magic))
		}
		return err
	case cmdPing:
		nonce, err := c.u32()
		if err != nil {
			return err
		}
		return c.reply(order.AppendUint32(nil, nonce))
	case cmdCancelWait:
		return c.reply([]byte{replyCanceled})
	case cmdGetNumKeys:
		return c.numKeys()
	case cmdListKeys:
		return c.listKeys()
	case cmdCheck, cmdWait, cmdMultiGet:
		keys, err := c.keys()
		if err != nil {
			return err
		}
		switch cmd {
		case cmdCheck:
			return c.check(keys)
		case cmdWait:
			return c.await(keys)
		}
		return c.get(keys)
	case cmdMultiSet:
		n, err := readCount(c.r, c.s.opt.MaxKeys)
		if err != nil {
			return err
		}
		return c.set(n)
	case cmdSet:
		return c.set(1)
	}
	key, err := c.key()
	if err != nil {
		return err
	}
	return c.keyed(cmd, key)
}

// keyed does the queries that begin with one key.
func (c *conn) keyed(cmd command, key string) error {
	switch cmd {
	case cmdGet:
		return c.get([]string{key})
	case cmdCompareSet:
		return c.compareSet(key)
	case cmdAdd:
		delta, err := readU64(c.r)
		if err != nil {
			return err
		}
		var sum int64
		err = c.do(key, func() error { sum, err = c.s.add(c, key, int64(delta), false); return err })
		return c.number(sum, err)
	case cmdDeleteKey:
		deleted := int64(0)
		err := c.do(key, func() error {
			if c.s.remove(key) {
				deleted = 1
			}
			return nil
		})
		return c.number(deleted, err)
	case cmdAppend, cmdQueuePush:
		value, err := c.value()
		if err != nil {
			return err
		}
		return c.do(key, func() error {
			if cmd == cmdAppend {
				return c.s.appendTo(c, key, value)
			}
			return c.s.push(c, key, value)
		})
	case cmdQueuePop:
		return c.pop(key)
	case cmdQueueLen:
		n := 0
		err := c.do(key, func() error {
			if q := c.s.store.queues[key]; q != nil {
				n = len(q.values)
			}
			return nil
		})
		return c.number(int64(n), err)
	case cmdBarrier:
		world, err := readU64(c.r)
		if err != nil {
			return err
		}
		return c.barrier(key, int64(world))
	case cmdWatchKey:
		return c.do(key, func() error { return c.s.watch(c, key) })
	}
	return breach(fmt.Sprintf("unknown command %d", cmd))
}

// do runs f with the lock held.
func (c *conn) do(key string, f func() error) error {
	if err := c.s.enter(c, key); err != nil {
		return err
	}
	defer c.s.leave()
	return f()
}

func (c *conn) number(n int64, err error) error {
	if err != nil {
		return err
	}
	return c.reply(appendU64(nil, uint64(n)))
}

func (c *conn) u32() (uint32, error) {
	b, err := fixed(c.r, 4)
	if err != nil {
		return 0, err
	}
	return order.Uint32(b), nil
}

func (c *conn) key() (string, error) {
	if err := c.take(entryCost); err != nil {
		return "", err
	}
	b, err := readBlob(c.r, c.s.opt.MaxKey, "key", c.take)
	return string(b), err
}

func (c *conn) value() ([]byte, error) {
	return readBlob(c.r, c.s.opt.MaxValue, "value", c.take)
}

// keys reads as many as are announced, one by one: the number alone costs nothing.
func (c *conn) keys() ([]string, error) {
	n, err := readCount(c.r, c.s.opt.MaxKeys)
	var keys []string
	for range n {
		if err != nil {
			break
		}
		var k string
		k, err = c.key()
		keys = append(keys, k)
	}
	return keys, err
}
