//go:build linux

package pty

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// play is a program on a terminal. What it has to say it says in lines, to the
// terminal.
func play(role string) int {
	do, found := map[string]func() error{
		"guardian":   playGuardian,
		"guarded":    playGuarded,
		"suspend":    playSuspend,
		"sizes":      playSizes,
		"winch":      playWinch,
		"background": playBackground,
	}[role]
	if !found {
		fmt.Println("no role", role)
		return 2
	}
	if err := do(); err != nil {
		fmt.Printf("FAILED %s: %v\r\n", role, err)
		return 1
	}
	return 0
}

// playGuardian watches file 3 for the terminal that is file 0.
func playGuardian() error {
	return Watch(os.NewFile(3, "pipe"), func() *os.File { return os.Stdin }, nil)
}

// playGuarded has a guardian, makes its terminal raw, switches modes on, says its
// pid, and waits to be killed; typing q ends it in order.
func playGuarded() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	guardian := exec.Command(os.Args[0])
	guardian.Env = append(os.Environ(), roleEnv+"=guardian")
	guardian.Stdin, guardian.ExtraFiles = os.Stdin, []*os.File{r}
	guardian.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := guardian.Start(); err != nil {
		return err
	}
	r.Close()

	tty, err := OpenTTY()
	if err != nil {
		return err
	}
	saved, err := Save(tty)
	if err != nil {
		return err
	}
	saved.Modes = UnknownModes | AltScreen
	if err := Arm(w, saved); err != nil {
		return err
	}
	if err := MakeRaw(tty); err != nil {
		return err
	}
	fmt.Fprintf(tty, "\x1b[?1049h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b[?1h\x1b[31mRAW %d\r\n", os.Getpid())
	key := make([]byte, 1)
	if _, err := tty.Read(key); err != nil || key[0] != 'q' {
		return fmt.Errorf("key %q: %w", key, err)
	}
	fmt.Fprint(tty, "ENDING\r\n")
	if err := saved.Restore(tty); err != nil {
		return err
	}
	if err := Disarm(w); err != nil {
		return err
	}
	w.Close()
	if err := guardian.Wait(); err != nil {
		return err
	}
	fmt.Print("ENDED\r\n")
	return nil
}

// playSuspend is raw and suspends itself on ^Z.
func playSuspend() error {
	tty, err := OpenTTY()
	if err != nil {
		return err
	}
	saved, err := Save(tty)
	if err != nil {
		return err
	}
	if err := MakeRaw(tty); err != nil {
		return err
	}
	fmt.Fprint(tty, "RAW\r\n")
	key := make([]byte, 1)
	for {
		if _, err := tty.Read(key); err != nil {
			return err
		}
		switch key[0] {
		case 0x1a:
			var size Size
			saved, size, err = Suspend(context.Background(), tty, saved)
			if errors.Is(err, ErrNoJobControl) {
				fmt.Fprint(tty, "NOBODY\r\n")
				continue
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(tty, "BACK %s\r\n", size)
		case 'q':
			return saved.Restore(tty)
		}
	}
}

// playSizes says every size that WatchSize tells, and ends after 7x7.
func playSizes() error {
	tty, err := OpenTTY()
	if err != nil {
		return err
	}
	sizes, now, err := WatchSize(tty)
	if err != nil {
		return err
	}
	fmt.Println("FIRST", now)
	for size := range sizes.C {
		fmt.Println("NEXT", size)
		if size.Cols == 7 {
			break
		}
	}
	sizes.Stop()
	if _, open := <-sizes.C; open {
		return errors.New("the channel is open after Stop")
	}
	fmt.Println("STOPPED")
	return nil
}

// playWinch says the size at every SIGWINCH.
func playWinch() error {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGWINCH)
	fmt.Println("READY")
	for range c {
		size, err := SizeOf(os.Stdin)
		if err != nil {
			return err
		}
		fmt.Println("WINCH", size)
	}
	return nil
}

// playBackground is started by a shell in the background of the terminal: it must
// not get the terminal, and must be able to restore it, without being stopped.
func playBackground() error {
	tty, err := OpenTTY()
	if err != nil {
		return err
	}
	if err := MakeRaw(tty); !errors.Is(err, ErrBackground) {
		return fmt.Errorf("MakeRaw: %w", err)
	}
	var saved Saved
	if err := saved.UnmarshalText([]byte(strings.TrimSpace(os.Getenv("SAVED")))); err != nil {
		return err
	}
	if err := saved.Restore(tty); err != nil {
		return err
	}
	fmt.Print("RESTORED\r\n")
	return nil
}
