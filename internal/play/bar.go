package play

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// clock is a time as people read it: 1:02:03.4 or 2:03.4.
func clock(t time.Duration) string {
	tenths := int64(t / (100 * time.Millisecond))
	s := fmt.Sprintf("%d:%02d.%d", tenths/600%60, tenths/10%60, tenths%10)
	if h := tenths / 36000; h > 0 {
		s = fmt.Sprintf("%d:%02d:%02d.%d", h, tenths/600%60, tenths/10%60, tenths%10)
	}
	return s
}

// status is the bar of a recording that stands at a time.
func status(name string, at, end time.Duration, complete bool, paused bool, speed float64, cols int) string {
	state := ">"
	if paused {
		state = "paused"
	}
	total := clock(end)
	if !complete {
		total += "+"
	}
	left := fmt.Sprintf(" %s %s / %s", state, clock(at), total)
	if speed != 1 {
		left += " x" + speedName(speed)
	}
	right := " " + name + "  ? help "
	room := cols - len([]rune(left)) - len([]rune(right)) - 3
	if room < 5 {
		return left + " "
	}
	done := 0
	if end > 0 {
		done = min(int(int64(room)*int64(at/time.Millisecond)/max(int64(end/time.Millisecond), 1)), room)
	}
	return left + " [" + strings.Repeat("=", done) + strings.Repeat("-", room-done) + "]" + right
}

func speedName(speed float64) string {
	if math.IsInf(speed, 1) {
		return "max"
	}
	return strconv.FormatFloat(speed, 'f', -1, 64)
}

// help is shown by the key ?.
var help = []string{
	" space       pause, go on                 ",
	" .  ,        one event on, back           ",
	" left right  5 s back, on (shift: 60 s)   ",
	" [  ]        the marker before, after     ",
	" 0 to 9      0 to 90 per cent             ",
	" home end    the begin, the end           ",
	" +  -        faster, slower               ",
	" /           search for text on the screen",
	" n  N        the next match, the one before",
	" k           what was typed, on or off    ",
	" s           save the screen as a picture ",
	" ctrl+l      draw anew                    ",
	" q           leave                        ",
}
