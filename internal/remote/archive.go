package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/sluicerun/sluice/internal/nodes"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// archiveWord has the hidden subcommand send the files of a run.
const archiveWord = "archive"

// archive writes the files of a run on this machine to out and returns the process's
// exit status. Nothing else may be written there.
func archive(out io.Writer, id string) int {
	rec, err := runs.Find(id)
	if err == nil && rec.ID != id {
		err = fmt.Errorf("there is no run %s any more", id)
	}
	if err == nil {
		err = nodes.WriteArchive(out, rec.Dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		return job.StatusInternal
	}
	return 0
}

// Archive has the files of a part of a run sent here, as nodes.ReadArchive reads them.
// own and version are as in Options. What goes wrong on the way is an error of Read;
// the end of ctx ends the reading.
func Archive(ctx context.Context, how runs.Remote, part runs.Part, own, version string) (io.ReadCloser, error) {
	if len(how.SSH) == 0 {
		return nil, errors.New("the run's record does not say how it is reached")
	}
	if part.Run == "" {
		return nil, errors.New("it is not recorded what the run is called there: its starter ended too soon")
	}
	a := &archived{own: own, given: how.Sluice, version: version, cmd: newSSH(how.SSH, part.Host)}
	a.cmd.Stdin = strings.NewReader(boot(own, version, how.Sluice, archiveWord, part.Run))
	a.cmd.Stderr, a.cmd.WaitDelay = &a.said, hangUp
	out, err := a.cmd.StdoutPipe()
	if err == nil {
		err = a.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", how.SSH[0], err)
	}
	a.out = out
	a.unhook = context.AfterFunc(ctx, a.cmd.kill)
	return a, nil
}

// archived is an archive that comes from a host.
type archived struct {
	own, given, version string

	cmd    *ssh
	out    io.Reader
	said   lastWords
	unhook func() bool
	once   sync.Once
	status error // of the command, once it has been waited for
}

func (a *archived) Read(p []byte) (int, error) {
	n, err := a.out.Read(p)
	if err == nil || n > 0 {
		return n, nil
	}
	if werr := a.wait(); werr != nil {
		return 0, a.why(werr)
	}
	return 0, err
}

// Close ends the connection, whatever is still to come.
func (a *archived) Close() error {
	a.cmd.kill()
	a.wait()
	return nil
}

// wait is for the end of ssh: nothing comes any more, or it was killed.
func (a *archived) wait() error {
	a.once.Do(func() {
		a.unhook()
		a.status = a.cmd.Wait()
	})
	return a.status
}

// why says what went wrong.
func (a *archived) why(err error) error {
	said := a.said.String()
	switch code := a.cmd.ProcessState.ExitCode(); {
	case code == 255 && said != "":
		return fmt.Errorf("it cannot be reached: %s", said)
	case code == job.StatusNotFound:
		return fmt.Errorf("%s\n  install the same version there, where the PATH of ssh's commands finds it", missing(a.own, a.given))
	case code == job.StatusUsage:
		return fmt.Errorf("sluice there is not of version %s\n  install the same version there", a.version)
	case said != "":
		return errors.New(said)
	}
	return fmt.Errorf("the connection is lost: ssh %s", a.cmd.how(err))
}

// lastWords keeps the end of what was written to it.
type lastWords struct {
	mu sync.Mutex
	b  []byte
}

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b = append(l.b, p...); len(l.b) > 4<<10 {
		l.b = l.b[len(l.b)-2<<10:]
	}
	return len(p), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.ReplaceAll(string(bytes.TrimSpace(l.b)), "\r", "")
	return strings.ReplaceAll(strings.TrimPrefix(text, "sluice: "), "\n", "\n  ")
}
