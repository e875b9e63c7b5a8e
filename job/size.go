package job

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

const sizeUnits = "KMGTPE"

// Size is a number of bytes as a flag value: (*Size)(&spec.Rotate.MaxSize).
type Size int64

// ParseSize reads a number of bytes: "4096", "10M", "1.5GiB". K is 1024, with
// or without B or iB behind it, in any case. Parts of a byte are dropped.
func ParseSize(s string) (int64, error) {
	fail := func(why string) (int64, error) {
		return 0, fmt.Errorf("parsing size %q: %s (allowed: 4096, 64K, 10M, 1.5GiB)", shorten(s), why)
	}
	text := strings.ToUpper(strings.TrimSpace(s))
	n := 0
	for n < len(text) && (isDigit(text[n]) || text[n] == '.') {
		n++
	}
	number, unit := text[:n], strings.TrimLeft(text[n:], " ")
	shift := uint(0)
	if len(unit) > 0 {
		if i := strings.IndexByte(sizeUnits, unit[0]); i >= 0 {
			shift = uint(10 * (i + 1))
			unit = unit[1:]
			if unit == "IB" {
				unit = "B"
			}
		}
	}
	switch {
	case strings.HasPrefix(text, "-"):
		return fail("a size cannot be negative")
	case strings.Trim(number, ".") == "" || strings.Count(number, ".") > 1:
		return fail("a number is missing")
	case unit != "" && unit != "B":
		return fail(fmt.Sprintf("%q is no unit of size", shorten(text[n:])))
	case len(number) > 64:
		return fail("too many digits")
	}
	// Exact, where a float64 would lose the low bits of large sizes.
	v, ok := new(big.Rat).SetString(number)
	if !ok {
		return fail("a number is missing")
	}
	v.Mul(v, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), shift)))
	whole := new(big.Int).Quo(v.Num(), v.Denom())
	if !whole.IsInt64() {
		return fail(fmt.Sprintf("it is above %d bytes", int64(math.MaxInt64)))
	}
	return whole.Int64(), nil
}

// FormatSize is the shortest text that ParseSize reads as exactly n bytes:
// "10M", "1500".
func FormatSize(n int64) string {
	if n <= 0 {
		return strconv.FormatInt(n, 10)
	}
	unit := 0
	for n%1024 == 0 && unit < len(sizeUnits) {
		n /= 1024
		unit++
	}
	s := strconv.FormatInt(n, 10)
	if unit > 0 {
		s += sizeUnits[unit-1 : unit]
	}
	return s
}

// String is FormatSize.
func (s Size) String() string { return FormatSize(int64(s)) }

// Set makes a *Size a flag value.
func (s *Size) Set(text string) error {
	v, err := ParseSize(text)
	if err != nil {
		return err
	}
	*s = Size(v)
	return nil
}

// Type is the word that help pages show for the value.
func (*Size) Type() string { return "size" }
