//go:build linux

package agent

import (
	"crypto/rand"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

// prepare does what every run needs and no run changes, while the launcher still reads
// its command line: each is remembered where it is made. What goes wrong goes wrong
// once more, for somebody who tells it.
func prepare() {
	proc.Prepare()
	_, _ = time.Now().Zone()    // which is read from a file
	_, _ = rand.Read([]byte{0}) // for ids
	// The first signal that is asked for starts threads. This one is asked for by every
	// run, and does nothing to those who do not ask.
	signal.Notify(make(chan os.Signal, 1), unix.SIGCHLD)
	_ = coldjson.Unmarshal([]byte("{}"), new(job.Spec))
}
