package proc

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc (USER_HZ).
const tick = 10 * time.Millisecond

// Ticks is the time now as processes' start times are counted: clock ticks since boot,
// time asleep among them. Where that is not known it is after all of them.
func Ticks() uint64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return math.MaxUint64
	}
	return uint64(time.Duration(now.Nano()) / tick)
}
