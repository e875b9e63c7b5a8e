package adopt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

// emulator is a terminal that has an interface of its own, and holds the other side
// of the process's terminal.
type emulator struct {
	in      *Input
	table   *Table
	process *Process // the emulator's
	owner   procfs.Status
	// env is the environment of the session's first process, which the emulator has
	// started: an emulator that runs inside another one leaves the outer one's
	// variables in its children's, and its own names are the last word.
	env map[string]string
}

// friendly are the ways of terminals that have an interface of their own: these keep
// an order with their own input, and know modes that we do not see.
func (p *Process) friendly(ctx context.Context, in *Input, t *Table) []Way {
	kinds := []struct {
		name  string
		comms []string
		find  func(context.Context, *emulator) Way
	}{
		{ViaTmux, []string{"tmux"}, tmuxWay},
		{ViaScreen, []string{"screen"}, screenWay},
		{ViaKitty, []string{"kitty"}, kittyWay},
		{ViaWezterm, []string{"wezterm-gui", "wezterm-mux-server"}, weztermWay},
	}
	var ways []Way
	for _, k := range kinds {
		w := wayOf(k.name, "its terminal is none of "+k.name+"'s")
		switch {
		case in.Terminal == nil:
			w.Why = "it has no terminal"
		case len(in.Terminal.Masters) == 0:
			w.Why = "who holds its terminal cannot be seen from here"
		}
		for _, h := range in.mastersOf() {
			if e := p.emulator(in, t, h, k.comms); e != nil {
				w = k.find(ctx, e)
				e.process.Close()
				break
			}
		}
		ways = append(ways, w)
	}
	return ways
}

func (in *Input) mastersOf() []Holder {
	if in.Terminal == nil {
		return nil
	}
	return in.Terminal.Masters
}

// emulator looks at a holder of the master; nil: it is none of those that are meant.
// What it is called is what its program is called, as the name of its first thread
// can be anything.
func (p *Process) emulator(in *Input, t *Table, h Holder, comms []string) *emulator {
	exe, err := os.Readlink(p.sys.fs.Path(h.PID, "exe"))
	name := filepath.Base(strings.TrimSuffix(exe, " (deleted)")) // upgraded while it ran
	if err != nil {
		name, _, _ = strings.Cut(h.Comm, ":") // tmux: server
	}
	found := false
	for _, comm := range comms {
		found = found || name == comm || comm == "screen" && strings.HasPrefix(name, "screen-") // Fedora's has its version
	}
	if !found {
		return nil
	}
	e := &emulator{in: in, table: t}
	if e.process, err = p.sys.Open(h.PID); err != nil {
		return nil
	}
	if e.owner, err = e.process.status(); err != nil {
		e.process.Close()
		return nil
	}
	e.env = map[string]string{}
	if st, err := p.stat(); err == nil {
		for _, pid := range []int{st.Session, p.PID} {
			if data, err := p.sys.fs.ReadFile(pid, "environ"); err == nil {
				e.env = parseEnviron(data)
				break
			}
		}
	}
	return e
}

// sockets are the paths of the unix sockets that the emulator listens at.
func (e *emulator) sockets() []string {
	fds, err := e.process.Descriptors()
	if err != nil {
		return nil
	}
	var paths []string
	for _, d := range fds {
		if s := e.table.SocketOf(d); s != nil && s.State == "listening" && strings.HasPrefix(s.Local, "/") {
			paths = append(paths, s.Local)
		}
	}
	return paths
}

// denied is why the emulator's tool cannot be used by us: it listens to its own user.
// A root that may be somebody else becomes that user for it.
func (e *emulator) denied(what string) *Refusal {
	uid := os.Geteuid()
	if uid == 0 || uid == e.owner.UID[1] {
		return nil
	}
	return &Refusal{What: what, Right: RightUser, Why: fmt.Sprintf("it is %s's, and listens to nobody else", userName(e.owner.UID[1])),
		Fix: "do it as " + userName(e.owner.UID[1]) + ", or as root"}
}

// typed feeds a terminal by a function that takes at most most bytes.
func (e *emulator) typed(name string, most int, send func(context.Context, []byte) error) func(context.Context, []byte) error {
	in := e.in
	return func(ctx context.Context, data []byte) error {
		tty, err := in.openTerminal(unix.O_RDONLY)
		if err == nil {
			defer tty.close()
		}
		put := func(ctx context.Context, piece []byte) error {
			for len(piece) > 0 {
				n := min(most, len(piece))
				if err := send(ctx, piece[:n]); err != nil {
					return err
				}
				piece = piece[n:]
			}
			return nil
		}
		if err := feed(ctx, tty, data, in.process.Alive, put); err != nil {
			return fmt.Errorf("typing into %v by %s: %w", in.process, name, err)
		}
		return nil
	}
}

// tmuxWay is send-keys into the pane whose terminal it is.
func tmuxWay(ctx context.Context, e *emulator) Way {
	w := Way{Name: ViaTmux, What: fmt.Sprintf("tmux send-keys, to the server %d", e.process.PID), Exists: true}
	if w.Refusal = e.denied(w.What); w.Refusal != nil {
		return w
	}
	why := "its server's socket is not known"
	for _, socket := range e.sockets() {
		tool := e.tool("tmux")
		out, err := tool.run(ctx, nil, "-S", socket, "list-panes", "-a", "-F", paneFormat)
		if err != nil {
			why = err.Error()
			continue
		}
		panes, err := parsePanes(out)
		if err != nil {
			why = err.Error()
			continue
		}
		for _, pane := range panes {
			// Another server may have taken the path since.
			if pane.server != e.process.PID || filepath.Base(pane.tty) != strconv.Itoa(e.in.Terminal.desc.Index) {
				continue
			}
			w.What = fmt.Sprintf("tmux send-keys to pane %s (socket %s)", pane.id, socket)
			kind := func(why, fix string) { w.Refusal = &Refusal{What: w.What, Right: RightKind, Why: why, Fix: fix} }
			switch {
			case pane.inMode:
				kind("the pane is in copy mode, which takes the keys", "leave it, or: tmux send-keys -t "+pane.id+" -X cancel")
			case pane.off:
				kind("the pane's input is switched off", "tmux select-pane -e -t "+pane.id)
			}
			// Of -H every byte goes as it is. A message of tmux's has 16 KB at most.
			w.typed = e.typed(ViaTmux, 2000, func(ctx context.Context, data []byte) error {
				_, err := tool.run(ctx, nil, append([]string{"-S", socket, "send-keys", "-t", pane.id, "-H"}, hexKeys(data)...)...)
				return err
			})
			return w
		}
		why = fmt.Sprintf("the server at %s has no pane with this terminal", socket)
	}
	return wayOf(ViaTmux, why)
}

// screenWay is stuff into the window whose terminal it is. Screen does not tell the
// terminals of its windows: the window's number is that which the first process in it
// was given, and "number" may have changed it since.
func screenWay(ctx context.Context, e *emulator) Way {
	w := Way{Name: ViaScreen, What: fmt.Sprintf("screen -X stuff, to the session %d", e.process.PID), Exists: true}
	if w.Refusal = e.denied(w.What); w.Refusal != nil {
		return w
	}
	session, window := e.env["STY"], e.env["WINDOW"]
	if n, _, _ := strings.Cut(session, "."); n != strconv.Itoa(e.process.PID) || window == "" {
		return wayOf(ViaScreen, "the number of its window is not known: STY and WINDOW do not name it")
	}
	tool := e.tool("screen")
	for _, socket := range e.sockets() {
		if strings.HasPrefix(filepath.Base(socket), strconv.Itoa(e.process.PID)+".") {
			session = filepath.Base(socket) // it may have been renamed
			tool.env = append(tool.env, "SCREENDIR="+filepath.Dir(socket))
		}
	}
	if out, err := tool.run(ctx, nil, "-S", session, "-p", window, "-Q", "number"); err != nil {
		return wayOf(ViaScreen, err.Error())
	} else if n, _, _ := strings.Cut(out, " "); n != window {
		return wayOf(ViaScreen, "the session has no window "+window)
	}
	w.What = fmt.Sprintf("screen -S %s -p %s -X stuff", session, window)
	// A command of screen's has 768 bytes at most, and a byte takes up to four.
	w.typed = e.typed(ViaScreen, 128, func(ctx context.Context, data []byte) error {
		_, err := tool.run(ctx, nil, "-S", session, "-p", window, "-X", "stuff", octal(data))
		return err
	})
	return w
}

// kittyWay is kitty's remote control, if it is switched on and listens.
func kittyWay(ctx context.Context, e *emulator) Way {
	to, window := e.env["KITTY_LISTEN_ON"], e.env["KITTY_WINDOW_ID"]
	if to == "" || window == "" {
		return wayOf(ViaKitty, "kitty listens nowhere: it needs allow_remote_control and listen_on in kitty.conf")
	}
	w := Way{Name: ViaKitty, What: "kitten @ send-text to window " + window + " of kitty at " + to, Exists: true}
	if w.Refusal = e.denied(w.What); w.Refusal != nil {
		return w
	}
	tool := e.tool("kitten")
	if tool.path == "" {
		tool = e.tool("kitty") // before 0.27
	}
	if tool.path == "" {
		return wayOf(ViaKitty, "there is no kitten in PATH")
	}
	// send-text succeeds also where there is no such window.
	if _, err := tool.run(ctx, nil, "@", "--to", to, "ls", "--match", "id:"+window); err != nil {
		return wayOf(ViaKitty, err.Error())
	}
	w.typed = e.typed(ViaKitty, 64<<10, func(ctx context.Context, data []byte) error {
		_, err := tool.run(ctx, data, "@", "--to", to, "send-text", "--match", "id:"+window, "--stdin")
		return err
	})
	return w
}

// weztermWay is wezterm's own client. It takes text only.
func weztermWay(_ context.Context, e *emulator) Way {
	id := e.env["WEZTERM_PANE"]
	if id == "" {
		return wayOf(ViaWezterm, "the number of its pane is not known: WEZTERM_PANE does not name it")
	}
	w := Way{Name: ViaWezterm, What: "wezterm cli send-text to pane " + id, Exists: true}
	if w.Refusal = e.denied(w.What); w.Refusal != nil {
		return w
	}
	tool := e.tool("wezterm")
	if tool.path == "" {
		return wayOf(ViaWezterm, "there is no wezterm in PATH")
	}
	if socket := e.env["WEZTERM_UNIX_SOCKET"]; socket != "" {
		tool.env = append(tool.env, "WEZTERM_UNIX_SOCKET="+socket)
	}
	send := e.typed(ViaWezterm, 64<<10, func(ctx context.Context, data []byte) error {
		_, err := tool.run(ctx, data, "cli", "send-text", "--pane-id", id, "--no-paste")
		return err
	})
	w.typed = func(ctx context.Context, data []byte) error {
		if !utf8.Valid(data) {
			return errors.New("wezterm takes UTF-8 only, and this is not: name another way with --via")
		}
		return send(ctx, data)
	}
	return w
}
