package cast

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// maxSeconds is the longest recording: what a time.Duration holds.
const maxSeconds = uint64(math.MaxInt64) / uint64(time.Second)

// seconds reads the number of seconds that begins at b[i]. What is less than a
// microsecond is cut off.
func seconds(b []byte, i int) (d time.Duration, next int, err error) {
	from := i
	neg := i < len(b) && b[i] == '-'
	if neg {
		i++
	}
	digits := i
	var s, us uint64
	for i < len(b) && b[i]-'0' <= 9 {
		if s = s*10 + uint64(b[i]-'0'); s > maxSeconds {
			s = maxSeconds + 1
		}
		i++
	}
	if i == digits {
		if i == len(b) {
			return 0, i, errCut
		}
		return 0, i, errors.New("its time is no number")
	}
	if i < len(b) && b[i] == '.' {
		i++
		digits = i
		scale := uint64(100_000)
		for i < len(b) && b[i]-'0' <= 9 {
			us += uint64(b[i]-'0') * scale
			scale /= 10
			i++
		}
		if i == digits {
			return 0, i, errors.New("its time is no number")
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		for i++; i < len(b) && (b[i]-'0' <= 9 || b[i] == '+' || b[i] == '-'); {
			i++
		}
		f, err := strconv.ParseFloat(string(b[from:i]), 64)
		if err != nil || math.Abs(f) > float64(maxSeconds) {
			return 0, i, fmt.Errorf("its time %.40s is no number of seconds that a recording can have", b[from:i])
		}
		d, _, err = seconds(strconv.AppendFloat(nil, f, 'f', -1, 64), 0)
		return d, i, err
	}
	if s >= maxSeconds {
		return 0, i, fmt.Errorf("its time of %.40s seconds is more than a recording can have", b[from:i])
	}
	d = time.Duration(s)*time.Second + time.Duration(us)*time.Microsecond
	if neg {
		d = -d
	}
	return d, i, nil
}

// appendSeconds appends d in seconds with one to six decimals. The rest is cut
// off, as readers do with more than six.
func appendSeconds(b []byte, d time.Duration) []byte {
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	us := int(d % time.Second / time.Microsecond)
	b = append(b, '.', byte('0'+us/100_000))
	for us = us % 100_000 * 10; us > 0; us = us % 100_000 * 10 {
		b = append(b, byte('0'+us/100_000))
	}
	return b
}

// appendFixed appends d, in units, as a number with decimals, rounded down.
func appendFixed(b []byte, d, unit time.Duration) []byte {
	n := int64(d / unit)
	per := int64(time.Second / unit)
	b = strconv.AppendInt(b, n/per, 10)
	b = append(b, '.')
	for per /= 10; per > 0; per /= 10 {
		b = append(b, byte('0'+n/per%10))
	}
	return b
}
