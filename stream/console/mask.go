package console

// mask appends line with its numbers replaced by '#', and tells whether
// anything is left that names something: a line of numbers and punctuation
// alone says nothing that two ranks could share.
//
// A number is a run of digits with an optional fraction and exponent, a 0x
// number, or a word of at least four hexadecimal digits one of which is a
// decimal one (addresses, hashes).
func mask(dst, line []byte) (masked []byte, names bool) {
	for i := 0; i < len(line); {
		c := line[i]
		if !isDigit(c) && !isLetter(c) {
			dst = append(dst, c)
			i++
			continue
		}
		end := i
		for end < len(line) && (isDigit(line[end]) || isLetter(line[end])) {
			end++
		}
		if word := line[i:end]; isHexWord(word) {
			dst = append(dst, '#')
			i = end
			continue
		}
		for i < end {
			if !isDigit(line[i]) {
				dst = append(dst, line[i])
				names = true
				i++
				continue
			}
			i = numberEnd(line, i)
			dst = append(dst, '#')
		}
	}
	return dst, names
}

// numberEnd is the end of the decimal number that begins at i.
func numberEnd(b []byte, i int) int {
	digits := func(i int) int {
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		return i
	}
	i = digits(i)
	if i+1 < len(b) && b[i] == '.' && isDigit(b[i+1]) {
		i = digits(i + 1)
	}
	if i+1 < len(b) && (b[i] == 'e' || b[i] == 'E') {
		j := i + 1
		if b[j] == '+' || b[j] == '-' {
			j++
		}
		if j < len(b) && isDigit(b[j]) {
			return digits(j)
		}
	}
	return i
}

func isHexWord(w []byte) bool {
	if len(w) > 2 && w[0] == '0' && (w[1] == 'x' || w[1] == 'X') {
		for _, c := range w[2:] {
			if !isHex(c) {
				return false
			}
		}
		return true
	}
	decimal := false
	letter := false
	for _, c := range w {
		if !isHex(c) {
			return false
		}
		decimal = decimal || isDigit(c)
		letter = letter || !isDigit(c)
	}
	return len(w) >= 4 && decimal && letter && !isFloat(w)
}

// isFloat: 1e05 is a float, whose fraction and exponent numberEnd knows.
func isFloat(w []byte) bool { return isDigit(w[0]) && numberEnd(w, 0) == len(w) }

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 }
