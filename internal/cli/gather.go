package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/nodes"
	"github.com/sluicerun/sluice/internal/remote"
	"github.com/sluicerun/sluice/internal/runs"
)

func newGather(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "gather RUN DIR",
		Short: "Bring the logs of a run together from all its machines",
		Long: `Copy the directory of a run from each of its machines into DIR, one folder for
each: node-RANK-HOST. What is being written meanwhile is there up to the moment
of its copy.

A run that was started with --hosts is gathered by ssh, from where it was started,
when it has ended. The machines of another run can be asked as long as it goes on,
from any of them; when it has ended, what is on this machine is copied.

Exit status: 0 success; 1 a machine could not be reached; 2 bad usage; 125 sluice
itself failed.`,
		Example: "  sluice gather train all-logs",
		Args:    exactly(2, "RUN and DIR"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.gather(cmd.Context(), args[0], args[1]) },
	}
}

func (a *app) gather(ctx context.Context, arg, dir string) error {
	rec, ranks, err := target(arg)
	if err != nil {
		return err
	}
	if !ranks.IsZero() {
		return usagef("gather: whole runs are gathered, not ranks of them")
	}
	v := across(ctx, rec)
	if v.err != nil && v.here.State != runs.Ended {
		return fmt.Errorf("asking which machines have a part in %s: %w", rec.ID, v.err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	g := &gathering{app: a}
	for _, m := range a.origins(ctx, v) {
		if err := g.fetch(ctx, filepath.Join(dir, m.folder), m); err != nil {
			return err
		}
	}
	return g.end()
}

// origin is a machine with a part of a run.
type origin struct {
	name   string // for people
	folder string
	open   func() (io.ReadCloser, error) // the archive of its files
}

// origins are the machines of a run that can be asked.
func (a *app) origins(ctx context.Context, v *view) (list []origin) {
	if parts := remoteParts(v.here); len(parts) > 0 {
		own, _ := os.Executable() // without our own path, the PATH of the hosts has to do
		for _, p := range parts {
			list = append(list, origin{"host " + p.Host, nodeFolder(p.Node, p.Host, p.Run), func() (io.ReadCloser, error) {
				return remote.Archive(ctx, *v.here.Remote, p, own, thisVersion())
			}})
		}
		return list
	}
	for _, n := range v.nodes {
		list = append(list, origin{nodeName(n), nodeDir(n), func() (io.ReadCloser, error) {
			rec := v.at(n)
			return api.Archive(ctx, rec.Socket, api.Request{Via: rec.Via})
		}})
	}
	if len(list) > 0 {
		return list
	}
	a.partly(v.here)
	return []origin{{"this machine", nodeDir(api.Node{Host: v.here.Host, Rank: v.here.NodeRank}), func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(nodes.WriteArchive(w, v.here.Dir)) }()
		return r, nil
	}}}
}

// remoteParts are those of a run that was started from here on other machines.
func remoteParts(rec *runs.Record) []runs.Part {
	if rec.Remote == nil {
		return nil
	}
	return rec.Remote.Parts
}

// partly tells what is missing of a run whose machines cannot be asked any more.
func (a *app) partly(rec *runs.Record) {
	if !rec.Spec.Nodes.Several() {
		return
	}
	name := rec.Spec.Nodes.RunID
	if name == "" {
		name = rec.Name
	}
	fmt.Fprintf(a.stderr, "sluice: run %s has ended: this is what is on this machine; for the rest, type on each of the others:\n  sluice gather %s DIR\n", rec.ID, name)
}

// gathering is what one call brings together.
type gathering struct {
	*app
	machines, missing, files int
	bytes                    int64
}

// fetch makes the folder of one machine and says how that went. An error is one for
// all of them: DIR cannot be used, or it is enough.
func (g *gathering) fetch(ctx context.Context, to string, m origin) error {
	g.machines++
	files, bytes, err := fetch(to, m.open)
	switch {
	case errors.Is(err, os.ErrExist):
		return usagef("%s is there already: name another directory", to)
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		g.missing++
		fmt.Fprintf(g.stderr, "sluice: nothing whole from %s: %v\n", m.name, err)
		return nil
	}
	g.files += files
	g.bytes += bytes
	fmt.Fprintf(g.stdout, "%s: %d files, %d bytes\n", to, files, bytes)
	return nil
}

// end tells of all together, where there is more than one machine.
func (g *gathering) end() error {
	if g.machines > 1 {
		fmt.Fprintf(g.stdout, "%d of %d machines: %d files, %d bytes\n", g.machines-g.missing, g.machines, g.files, g.bytes)
	}
	if g.missing > 0 {
		fmt.Fprintf(g.stderr, "sluice: %d of %d machines are missing\n", g.missing, g.machines)
		return exitStatus(1)
	}
	return nil
}

// fetch puts an archive into a directory, which it makes. An error leaves none.
func fetch(to string, open func() (io.ReadCloser, error)) (files int, bytes int64, err error) {
	if err := os.Mkdir(to, 0o700); err != nil {
		return 0, 0, err
	}
	r, err := open()
	if err != nil {
		os.Remove(to)
		return 0, 0, err
	}
	defer r.Close()
	files, bytes, err = nodes.ReadArchive(r, to)
	if err != nil {
		os.RemoveAll(to) // half a copy would be taken for a whole one
	}
	return files, bytes, err
}

// nodeDir is a node's folder.
func nodeDir(n api.Node) string { return nodeFolder(n.Rank, n.Host, n.ID) }

// nodeFolder is the folder of a node with a rank, or without one, which is told apart
// by its id. A host tells its name itself, so it may be anything.
func nodeFolder(rank int, host, id string) string {
	host = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, host)
	if rank < 0 {
		return "waiting-" + host + "-" + id
	}
	return fmt.Sprintf("node-%d-%s", rank, host)
}
