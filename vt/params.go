package vt

// params are the numbers of a control sequence. A missing one is 0. Bit i of sub
// says that a colon stands before number i.
type params struct {
	n   int // numbers so far; the last is being read
	v   [MaxParams]int32
	sub uint32
	any bool // a digit or a separator was seen
	cut bool // there were more than MaxParams
}

func (a *params) reset() {
	for i := range a.n {
		a.v[i] = 0
	}
	a.v[0] = 0
	a.n, a.sub, a.any, a.cut = 1, 0, false, false
}

// at returns number i, or def where it is missing or 0.
func (a *params) at(i, def int) int {
	if i < a.n && a.v[i] != 0 {
		return int(a.v[i])
	}
	return def
}

func (a *params) digit(b byte) {
	a.any = true
	if a.cut {
		return
	}
	v := a.v[a.n-1]*10 + int32(b-'0')
	if v > MaxParam {
		v = MaxParam
	}
	a.v[a.n-1] = v
}

func (a *params) next(colon bool) {
	a.any = true
	if a.n == MaxParams {
		a.cut = true
		return
	}
	a.v[a.n] = 0
	if colon {
		a.sub |= 1 << a.n
	}
	a.n++
}

// isSub tells whether number i belongs to the one before it.
func (a *params) isSub(i int) bool { return a.sub>>i&1 != 0 }
