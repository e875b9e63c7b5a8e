package edit

// move is what the final byte of a cursor's sequence does.
func move(final byte, count, n int) token {
	switch final {
	case 'C', 'a':
		return token{op: opForward, n: n, count: count}
	case 'D':
		return token{op: opBack, n: n, count: count}
	}
	return token{op: opBreak, n: n}
}

// csi reads a control sequence, whose parameters begin at p[begin].
func csi(p []byte, begin int) (token, bool) {
	n, moved := controls(p, begin)
	arg, args, m := 0, 1, false
	var private, middle bool
	for n < len(p) && p[n] >= ' ' && p[n] <= '?' {
		switch c := p[n]; {
		case n > longestCSI:
			return token{op: opBreak, n: n}, true
		case c >= '0' && c <= '9' && args == 1:
			arg = min(arg*10+int(c-'0'), 1<<16)
		case c == ';' || c == ':':
			args++
		case c >= '<':
			private = true
		case c <= '/':
			middle = true
		}
		n, m = controls(p, n+1)
		moved = moved || m
	}
	if n == len(p) {
		return token{}, false
	}
	c := p[n]
	switch {
	case c >= 0x80:
		return brokenOff(p, n)
	case c < 0x40: // a control that ends the sequence, and is something of its own
		return token{op: opBreak, n: n}, true
	}
	t := csiOp(c, arg, private, middle)
	if t.n = n + 1; moved {
		t.op = opBreak
	}
	return t, true
}

// csiOp is what a control sequence does.
func csiOp(final byte, arg int, private, middle bool) token {
	switch {
	case middle:
		return token{}
	case private:
		if (final == 'h' || final == 'l') && (arg == 47 || arg == 1047 || arg == 1049) {
			return token{op: opBreak}
		}
		return token{}
	}
	count := max(arg, 1)
	switch final {
	case 'C', 'a', 'D':
		return move(final, count, 0)
	case 'P':
		return token{op: opDelete, count: count}
	case '@':
		return token{op: opInsert, count: count}
	case 'X':
		return token{op: opErase, count: count}
	case 'K':
		switch arg {
		case 0:
			return token{op: opClip}
		case 1:
			return token{}
		}
		return token{op: opBreak}
	case 'A', 'B', 'E', 'F', 'G', '`', 'H', 'f', 'd', 'e', 'I', 'Z', 'J', 'L', 'M', 'S', 'T', 'r', 'u', 'b':
		return token{op: opBreak}
	}
	return token{}
}
