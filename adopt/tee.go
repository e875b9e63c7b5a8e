package adopt

// unseen is what of now, the bytes in a pipe, was not yet there when before was in it.
// Of before the reader may have taken some from the front. It is taken to have taken
// as little as fits: where what is written repeats itself, more may have been.
func unseen(before, now []byte) []byte {
	// The longest beginning of now that is an end of before (Knuth, Morris, Pratt).
	if len(now) == 0 {
		return nil
	}
	fail := make([]int32, len(now))
	for i, n := 1, int32(0); i < len(now); i++ {
		for n > 0 && now[i] != now[n] {
			n = fail[n-1]
		}
		if now[i] == now[n] {
			n++
		}
		fail[i] = n
	}
	n := int32(0)
	for _, b := range before {
		if int(n) == len(now) {
			n = fail[n-1]
		}
		for n > 0 && b != now[n] {
			n = fail[n-1]
		}
		if b == now[n] {
			n++
		}
	}
	return now[n:]
}
