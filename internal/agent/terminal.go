//go:build linux

package agent

import (
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/job"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is the launcher's ear: signals, job control and the keyboard. It
// never changes the terminal's settings.
type terminal struct {
	link   *link
	sigs   chan os.Signal
	hears  []os.Signal // what is passed on to the agent
	quit   chan struct{}
	cont   chan struct{} // a SIGCONT arrived
	acks   chan struct{}
	wg     sync.WaitGroup
	write  *os.File // the pipe that the keyboard is pumped into
	wake   [2]int   // a pipe; closing the second ends a wait for the keyboard
	closed sync.Once
	ended  sync.Once
}

func newTerminal(l *link) *terminal {
	return &terminal{link: l, sigs: make(chan os.Signal, 16), quit: make(chan struct{}),
		cont: make(chan struct{}, 1), acks: make(chan struct{}, 1), wake: [2]int{-1, -1}}
}

// hear listens for signals: before anything runs, so that none is missed. What
// comes early waits in the link until the agent can obey. Those that were
// ignored when we were started (nohup, a shell's background job) stay ignored.
//
// Who shows a worker's terminal does the job control itself.
func (t *terminal) hear(stop job.Stop, jobs bool) {
	want := slices.Concat(stop.StopsOn(), stop.Forwards())
	if jobs {
		want = append(want, job.Signal(unix.SIGTSTP))
	}
	t.hears = heard(want)
	sigs := t.hears
	if jobs {
		sigs = append(slices.Clip(sigs), unix.SIGCONT)
	}
	signal.Notify(t.sigs, sigs...)
	t.wg.Add(1)
	go t.listen()
}

// goesOn tells whether a signal was passed on, so that nobody need end for it.
func (t *terminal) goesOn(s os.Signal) bool { return slices.Contains(t.hears, s) }

// begin reads the keyboard: the gang runs.
func (t *terminal) begin() {
	if t.write != nil {
		t.wg.Add(1)
		go t.pump()
	}
}

func (t *terminal) listen() {
	defer t.wg.Done()
	for {
		select {
		case <-t.quit:
			return
		case s := <-t.sigs:
			switch s {
			case unix.SIGTSTP:
				t.suspend()
			case unix.SIGCONT:
				t.continued()
			default:
				t.link.send(message{Kind: kindSignal, Signal: int(s.(unix.Signal))})
			}
		}
	}
}

// suspend stops the gang, then ourselves, as ^Z means it.
func (t *terminal) suspend() {
	if t.link.send(message{Kind: kindSuspend}) != nil {
		return
	}
	select {
	case <-t.acks:
	case <-t.quit:
		return
	}
	attach.StopSelf(false)
	t.link.send(message{Kind: kindContinue})
}

func (t *terminal) continued() {
	select {
	case t.cont <- struct{}{}:
	default:
	}
}

func (t *terminal) paused() {
	select {
	case t.acks <- struct{}{}:
	default:
	}
}

// input returns what the agent shall use as standard input instead of ours. A
// terminal is read by us, who have the job control, and pumped into a pipe;
// anything else the worker reads itself.
func (t *terminal) input(spec job.Spec) *os.File {
	if !term.IsTerminal(0) || !wantsInput(spec) || spec.Pty != nil && spec.Stdin.Mode == job.StdinDefault {
		return nil
	}
	var p [2]int
	if unix.Pipe2(p[:], unix.O_CLOEXEC) != nil || unix.Pipe2(t.wake[:], unix.O_CLOEXEC) != nil {
		return nil
	}
	t.write = os.NewFile(uintptr(p[1]), "keyboard")
	return os.NewFile(uintptr(p[0]), "keyboard")
}

func wantsInput(spec job.Spec) bool {
	switch spec.Stdin.Mode {
	case job.StdinRank, job.StdinAll, job.StdinShared:
		return true
	case job.StdinDefault:
		return spec.Workers <= 1
	}
	return false
}

// pump copies the keyboard. It reads only in the foreground: reading in the
// background would stop us, and steal another job's type-ahead if it did not.
func (t *terminal) pump() {
	defer t.wg.Done()
	defer t.endInput()
	buf := make([]byte, 4096)
	for {
		p := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}, {Fd: int32(t.wake[0]), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); err != nil && err != unix.EINTR {
			return
		}
		if p[1].Revents != 0 {
			return
		}
		if p[0].Revents == 0 {
			continue
		}
		if !foreground() {
			// A stopped job that comes to the front gets SIGCONT. One that
			// runs is told nothing, so we look; only while what somebody
			// else typed lies unread.
			select {
			case <-t.cont:
			case <-time.After(frontLook):
			case <-t.quit:
				return
			}
			continue
		}
		n, err := unix.Read(0, buf)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
		case n <= 0:
			return
		default:
			if _, err := t.write.Write(buf[:n]); err != nil {
				return // the worker has closed its input
			}
		}
	}
}

// frontLook is how soon we notice that the keyboard became ours.
const frontLook = 100 * time.Millisecond

// foreground tells whether the terminal is ours to read now.
func foreground() bool {
	pgrp, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	return err != nil || pgrp == unix.Getpgrp()
}

// endInput gives the worker its end of file, once.
func (t *terminal) endInput() {
	t.ended.Do(func() {
		if t.write != nil {
			t.write.Close()
		}
	})
}

func (t *terminal) close() {
	t.closed.Do(func() {
		// No signal.Stop: the process ends now, and the runtime would spin until
		// its signal goroutine has come to rest.
		close(t.quit)
		if t.wake[1] >= 0 {
			unix.Close(t.wake[1])
		}
		t.endInput()
		t.wg.Wait()
		if t.wake[0] >= 0 {
			unix.Close(t.wake[0])
		}
	})
}
