package console

import (
	"strconv"
	"time"

	"github.com/sluicerun/sluice/job"
)

// layout says what stands before a line.
type layout struct {
	tmpl    *job.Template // nil: the default
	workers int
	digits  int // of the largest rank
	stamps  bool
	color   [2]bool // on Out, on Err
}

const stampLayout = "15:04:05.000 "

func newLayout(cfg Config, workers int) layout {
	return layout{
		tmpl:    cfg.Spec.Prefix,
		workers: workers,
		digits:  len(strconv.Itoa(workers - 1)),
		stamps:  cfg.Spec.Timestamps,
		color:   [2]bool{cfg.Color, cfg.ErrColor || cfg.Color && sameSink(cfg.Out, cfg.Err)},
	}
}

// timed tells whether the prefix changes with the time.
func (y *layout) timed() bool {
	return y.stamps || y.tmpl != nil && y.tmpl.Uses("time")
}

// prefix makes an input's prefix, or nothing if it is to be made anew each time.
func (y *layout) prefix(f *job.Fields) []byte {
	if y.timed() {
		return nil
	}
	return y.append(nil, f)
}

func (y *layout) colored(f *job.Fields) bool {
	if f.Stream == job.Stderr {
		return y.color[1]
	}
	return y.color[0]
}

func (y *layout) append(dst []byte, f *job.Fields) []byte {
	if y.stamps {
		dst = f.Time.AppendFormat(dst, stampLayout)
	}
	if y.tmpl == nil && y.workers == 1 {
		return dst
	}
	color := y.colored(f)
	if color {
		dst = append(dst, "\x1b["...)
		if f.Stream == job.Stderr {
			dst = append(dst, "1;"...) // bold
		}
		dst = append(dst, "38;5;"...)
		dst = strconv.AppendUint(dst, uint64(paletteOf(f.Rank)), 10)
		dst = append(dst, 'm')
	}
	begin := len(dst)
	if y.tmpl != nil {
		dst = y.tmpl.Append(dst, f)
	} else {
		dst = append(dst, '[')
		number := strconv.Itoa(f.Rank)
		for range y.digits - len(number) {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, number...), "] "...)
	}
	if color && len(dst) > begin {
		dst = append(dst, sgrReset...)
	}
	return dst
}

// appendGroup makes the prefix of a line that several ranks wrote.
func (y *layout) appendGroup(dst []byte, ranks []int, differs bool, now time.Time) []byte {
	if y.stamps {
		dst = now.AppendFormat(dst, stampLayout)
	}
	dst = append(dst, '[')
	dst = append(dst, job.FormatRanks(ranks)...)
	dst = append(dst, "] "...)
	if differs {
		dst = append(dst, '~')
	}
	return dst
}

// paletteOf is the colour of a rank: of the 256, some of middling brightness
// that can be read on black and on white, none of them the red of errors.
func paletteOf(rank int) uint8 {
	palette := [...]uint8{32, 35, 136, 133, 37, 167, 67, 70, 99, 172, 168, 66}
	return palette[rank%len(palette)]
}

// prefixOf is what stands before a line of an input now; valid until the next call.
func (m *merger) prefixOf(in *Input) []byte {
	if !m.layout.timed() {
		return in.prefix
	}
	return m.prefixAt(in, time.Now())
}

func (m *merger) prefixAt(in *Input, at time.Time) []byte {
	if !m.layout.timed() {
		return in.prefix
	}
	in.fields.Time = at
	m.pfx = m.layout.append(m.pfx[:0], &in.fields)
	return m.pfx
}

func (m *merger) setColor(on bool) {
	m.layout.color = [2]bool{on, on}
	for _, in := range m.inputs {
		in.prefix = m.layout.prefix(&in.fields)
	}
}
