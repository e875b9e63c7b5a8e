package render

// boxArms holds, for each of U+2500 to U+257F, the weights of the arms that go
// left, right, up and down from the middle: 0 none, 1 light, 2 heavy, 3 double.
// The names in the Unicode standard say them. Dashes, arcs and diagonals are
// elsewhere.
const boxArms = "" +
	"1100220000110022--------------------------------0101020101020202" + // 2500
	"1001200110022002011002100120022010102010102020200111021101210112" + // 2510
	"0122022102120222101120111021101210222021201220221101210112012201" + // 2520
	"1102210212022202111021101210221011202120122022201111211112112211" + // 2530
	"112111121122212112212112121222212212212212222222----------------" + // 2540
	"3300003303010103030330011003300303100130033030101030303003110133" + // 2550
	"0333301110333033330111033303331011303330331111333333------------" + // 2560
	"----------------100000100100000120000020020000021200001221000021" // 2570

const (
	left = iota
	right
	up
	down
)

const (
	noArm uint8 = iota
	lightArm
	heavyArm
	doubleArm
)

func armsOf(r rune) (arms [4]uint8, ok bool) {
	s := boxArms[(r-0x2500)*4:][:4]
	if s[0] == '-' {
		return arms, false
	}
	for i := range arms {
		arms[i] = s[i] - '0'
	}
	return arms, true
}

func boxDrawing(r rune) []shape {
	switch {
	case r >= 0x2504 && r <= 0x250b: // three and four dashes
		n := 3 + int(r-0x2504)/4
		return dashes(n, r&1 != 0, r&2 != 0)
	case r >= 0x254c && r <= 0x254f:
		return dashes(2, r&1 != 0, r&2 != 0)
	case r >= 0x256d && r <= 0x2570:
		return arc(r)
	case r >= 0x2571 && r <= 0x2573:
		return diagonals(r)
	}
	arms, _ := armsOf(r)
	var out []shape
	for dir, weight := range arms {
		if weight == noArm {
			continue
		}
		neg, pos, opposite := arms[up], arms[down], arms[dir^1]
		if dir == up || dir == down {
			neg, pos = arms[left], arms[right]
		}
		if weight == doubleArm {
			out = append(out,
				arm(dir, doubleStart(neg, pos, opposite), -1.5, -.5),
				arm(dir, doubleStart(pos, neg, opposite), .5, 1.5))
			continue
		}
		half := float64(weight) / 2
		out = append(out, arm(dir, singleStart(neg, pos, opposite), -half, half))
	}
	return out
}

// arm is the box of one line from the middle to an edge. start is how far from the
// middle it begins, towards the edge; from and to are its sides. All in strokes.
func arm(dir int, start, from, to float64) shape {
	mid := func(strokes float64) at { return at{part: .5, strokes: strokes} }
	switch dir {
	case left:
		return shape{a: point{part(0), mid(from)}, b: point{mid(-start), mid(to)}}
	case right:
		return shape{a: point{mid(start), mid(from)}, b: point{part(1), mid(to)}}
	case up:
		return shape{a: point{mid(from), part(0)}, b: point{mid(to), mid(-start)}}
	}
	return shape{a: point{mid(from), mid(start)}, b: point{mid(to), part(1)}}
}

// singleStart says where a light or heavy arm begins, given the arms that cross
// its way and the one opposite.
func singleStart(neg, pos, opposite uint8) float64 {
	switch {
	case neg == doubleArm && pos == doubleArm && opposite == noArm:
		return .5 // at the nearer of the two lines that pass, not between them
	case neg == doubleArm || pos == doubleArm:
		if opposite != noArm {
			return 0
		}
		return -1.5 // covers the corner
	}
	return -float64(max(neg, pos)) / 2
}

// doubleStart says where one line of a double arm begins: near is the crossing arm
// on this line's side, far the one on the other.
func doubleStart(near, far, opposite uint8) float64 {
	switch {
	case near == doubleArm:
		return .5 // turns into the nearer line of that arm
	case opposite == doubleArm:
		return 0
	case far == doubleArm:
		return -1.5 // the outer corner
	}
	return -.5
}

// dashes leaves half a gap at both edges, so that cells side by side look even.
func dashes(n int, heavy, vertical bool) []shape {
	half := .5
	if heavy {
		half = 1
	}
	gap := .2
	if n == 4 {
		gap = .25 // else no pixel of it is left in a small cell
	}
	out := make([]shape, n)
	for i := range out {
		from, to := part((float64(i)+gap)/float64(n)), part((float64(i+1)-gap)/float64(n))
		low, high := at{part: .5, strokes: -half}, at{part: .5, strokes: half}
		if vertical {
			out[i] = shape{a: point{low, from}, b: point{high, to}}
		} else {
			out[i] = shape{a: point{from, low}, b: point{to, high}}
		}
	}
	return out
}

// arc is a quarter of a circle as wide as the cell allows, with straight ends.
func arc(r rune) []shape {
	dx, dy := .5, .5 // towards the ends: ╭ goes right and down
	edgeX, edgeY := 1.0, 1.0
	if r == '╮' || r == '╯' {
		dx, edgeX = -dx, 0
	}
	if r == '╯' || r == '╰' {
		dy, edgeY = -dy, 0
	}
	const near = 1 - 0.5523 // of the usual cubic for a quarter circle
	mid := func(short float64) at { return at{part: .5, short: short} }
	return []shape{{kind: lineShape, path: []step{
		move(mid(0), part(edgeY)),
		line(mid(0), mid(dy)),
		curve(mid(0), mid(dy*near), mid(dx*near), mid(0), mid(dx), mid(0)),
		line(part(edgeX), mid(0)),
	}}}
}

func diagonals(r rune) []shape {
	var out []shape
	if r != '╲' {
		out = append(out, shape{kind: lineShape, path: []step{move(part(0), part(1)), line(part(1), part(0))}})
	}
	if r != '╱' {
		out = append(out, shape{kind: lineShape, path: []step{move(part(0), part(0)), line(part(1), part(1))}})
	}
	return out
}
