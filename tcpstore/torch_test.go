package tcpstore

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// python runs a script of testdata and returns what it printed.
func python(t *testing.T, script string, args ...string) (string, error) {
	peer := testpeer.NeedPython(t, "torch", "python3-torch")
	cmd := exec.CommandContext(ctx(t), peer, append([]string{"testdata/" + script}, args...)...)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "GLOO_SOCKET_IFNAME=lo")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Torch's own client finds everything as with torch's own server.
func TestTorchClient(t *testing.T) {
	t.Parallel()
	testpeer.NeedPython(t, "torch", "python3-torch")
	s := listen(t, Options{})
	c := connect(t, s)
	done := make(chan error)
	go func() {
		err := c.Wait(ctx(t), "/waiting")
		if err == nil {
			err = c.Set(ctx(t), "/from-go", []byte("here"))
		}
		done <- err
	}()
	out, err := python(t, "client.py", "127.0.0.1", fmt.Sprint(s.Port()))
	if err != nil || !strings.Contains(out, "all as torch's own server") {
		c.Close() // or the other goroutine waits on
		t.Errorf("%v\n%s", err, out)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if st := s.Stats(); st.Breaches+st.Full+st.Dropped != 0 {
		t.Errorf("%+v", st)
	}
}

// Four processes meet at our store and compute; after them it is as new.
func TestTorchGang(t *testing.T) {
	t.Parallel()
	testpeer.NeedPython(t, "torch", "python3-torch")
	s := listen(t, Options{Reserved: "agent/"})
	const world = 4
	var wg sync.WaitGroup
	for rank := range world {
		wg.Go(func() {
			out, err := python(t, "gang.py", s.Addr().String(), fmt.Sprint(rank), fmt.Sprint(world))
			if err != nil || !strings.Contains(out, "sum 10.0") {
				t.Errorf("rank %d: %v\n%s", rank, err, out)
			}
		})
	}
	wg.Wait()
	if st := s.Stats(); st.Keys == 0 || st.Breaches+st.Full+st.Dropped != 0 {
		t.Errorf("%+v", st)
	}
	s.Reset()
	if st := s.Stats(); st.Keys != 0 {
		t.Errorf("after a reset: %+v", st)
	}
}
