package launch_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/launch"
)

func TestMain(m *testing.M) {
	launch.Register("square", func(_ context.Context, arg json.RawMessage) (any, error) {
		var n int
		if err := json.Unmarshal(arg, &n); err != nil {
			return nil, err
		}
		rank, _ := strconv.Atoi(os.Getenv("RANK"))
		return map[string]int{"rank": rank, "value": (n + rank) * (n + rank)}, nil
	})
	launch.Register("error", func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("the reason why") })
	launch.Register("panic", func(context.Context, json.RawMessage) (any, error) { panic("out of cheese") })
	launch.Register("goexit", func(context.Context, json.RawMessage) (any, error) { runtime.Goexit(); return nil, nil })
	launch.Register("large", func(context.Context, json.RawMessage) (any, error) { return strings.Repeat("x", 8<<20), nil })
	launch.Register("unstorable", func(context.Context, json.RawMessage) (any, error) { return func() {}, nil })
	launch.Register("environment", func(context.Context, json.RawMessage) (any, error) {
		var left []string
		for _, kv := range os.Environ() {
			if len(kv) > 8 && kv[:8] == "_SLUICE_" {
				left = append(left, kv)
			}
		}
		return left, nil
	})
	launch.Init()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "sluice-launch")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		os.Setenv("XDG_STATE_HOME", dir)
		return m.Run()
	}())
}

// clean checks that a run leaves no goroutine behind.
func clean(t *testing.T) {
	t.Helper()
	// A finished worker's last goroutine may be on its way out.
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// soon is a context for what must not take long.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
