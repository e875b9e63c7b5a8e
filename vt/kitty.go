package vt

const kittyAll = KittyDisambiguate | KittyEvents | KittyAlternates | KittyAllKeys | KittyText

// The kitty keyboard protocol keeps, for each screen, a stack of flags of which
// the last are in force (sw.kovidgoyal.net/kitty/keyboard-protocol). Its bottom is
// an entry 0 that stands for an empty slice here.

func (t *Terminal) kittyFlags() uint8 {
	if n := len(t.scr.kitty); n > 0 {
		return t.scr.kitty[n-1]
	}
	return 0
}

func (t *Terminal) kittyPush(f uint8) {
	k := t.scr.kitty
	if len(k) == 0 {
		k = append(k, 0)
	}
	k = append(k, f)
	if len(k) > MaxKittyStack { // the oldest goes, as the protocol says
		k = append(k[:0], k[1:]...)
		t.count.Truncated++
	}
	t.scr.kitty = k
	t.notify(Event{Kind: ModeEvent})
}

func (t *Terminal) kittyPop(n int) {
	k := t.scr.kitty
	t.scr.kitty = trimKitty(k[:max(len(k)-n, 0)])
	t.notify(Event{Kind: ModeEvent})
}

// kittySet changes the flags in force: mode 1 to f, 2 sets those of f, 3 clears
// them.
func (t *Terminal) kittySet(f uint8, mode int) {
	now := t.kittyFlags()
	switch mode {
	case 1:
		now = f
	case 2:
		now |= f
	case 3:
		now &^= f
	default:
		return
	}
	if n := len(t.scr.kitty); n > 0 {
		t.scr.kitty[n-1] = now
		t.scr.kitty = trimKitty(t.scr.kitty)
	} else if now != 0 {
		t.scr.kitty = append(t.scr.kitty, now)
	}
	t.notify(Event{Kind: ModeEvent})
}

// trimKitty gives a stack that says nothing its one form, the empty one.
func trimKitty(k []uint8) []uint8 {
	if len(k) == 1 && k[0] == 0 {
		return k[:0]
	}
	return k
}
