package cli

import (
	"errors"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/play"
	"github.com/sluicerun/sluice/playback"
)

// playOptions are the flags of sluice play.
type playOptions struct {
	in          castIn
	play        play.Options
	speed       string
	idle        castTime
	from, until castTime
	noIndex     bool
}

func newPlay(a *app) *cobra.Command {
	var o playOptions
	cmd := &cobra.Command{
		Use:   "play FILE|RUN[/RANK]",
		Short: "Play a recording in this terminal",
		Long: `Play a recording, or what the logs of a terminal have, in this terminal.

Keys: space pause; . next event; left, right 5 s (with shift 60 s); 0-9 so many
tenths; [ ] previous, next marker; / search on the screen's text, n N next,
previous; + - speed; k show what was typed; s save the screen; ? help; q quit.

Nothing that the recording asks of its terminal reaches yours. Where the output is
no terminal, what was written is written as time goes by; --speed max does not wait.
` + statuses,
		Example: `  sluice play demo.cast --idle-limit 2 --speed 1.5
  sluice play nightly/0 --from 1:00:00
  sluice play demo.cast --speed max | grep -c error`,
		Args: exactly(1, "FILE|RUN[/RANK]"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(a, cmd, args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.speed, "speed", "s", "1", "so many times faster, `FACTOR`, or max")
	f.VarP(&o.idle, "idle-limit", "i", "no pause is longer (default: the recording's; 0: as it was)")
	f.BoolVarP(&o.play.Loop, "loop", "l", false, "begin anew at the end")
	f.BoolVarP(&o.play.PauseOnMarkers, "pause-on-markers", "m", false, "pause at each marker")
	f.BoolVarP(&o.play.Resize, "resize", "r", false, "ask the terminal to take the recording's size")
	f.BoolVarP(&o.play.ShowKeys, "keys", "k", false, "show what was typed")
	f.Var(&o.from, "from", "begin here")
	f.Var(&o.until, "until", "end here")
	f.BoolVar(&o.noIndex, "no-index", false, "keep no index of long recordings in the cache folder")
	o.in.addFlags(f)
	return cmd
}

// indexedSize is how large a file is whose index is worth keeping.
const indexedSize = 4 << 20

func (o *playOptions) run(a *app, cmd *cobra.Command, arg string) error {
	p := &o.play
	if p.Speed = play.MaxSpeed; o.speed != "max" {
		n, err := strconv.ParseFloat(o.speed, 64)
		if err != nil || !(n > 0) || math.IsInf(n, 0) {
			return usagef("--speed: %q is neither a number above 0 nor max", o.speed)
		}
		p.Speed = n
	}
	p.From, p.Until = time.Duration(o.from), time.Duration(o.until)
	if cmd.Flags().Changed("until") && p.Until <= p.From {
		return usagef("--until is not after --from")
	}
	if p.IdleLimit = time.Duration(o.idle); cmd.Flags().Changed("idle-limit") && o.idle == 0 {
		p.IdleLimit = -1
	}
	t, err := o.in.open(a, arg)
	if err != nil {
		return err
	}
	defer o.in.close(a)
	open, done, err := t.again(&o.in)
	if err != nil {
		return err
	}
	defer done()
	p.Open, p.Name, p.In, p.Out = open, t.name, os.Stdin, os.Stdout
	p.Index = &playback.Index{}
	if keep := o.keep(t); keep != nil {
		defer keep()
	}
	_, err = play.Run(cmd.Context(), *p)
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// keep has the index of a long recording loaded, and returns what saves it.
func (o *playOptions) keep(t *tape) func() {
	if t.path == "" || o.noIndex || t.reader.Format() == cast.Script || t.reader.Format() == cast.ScriptClassic {
		return nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil
	}
	id, err := playback.Identify(f)
	f.Close()
	file, err2 := playback.CacheFile(t.path)
	if err != nil || err2 != nil || id.Size < indexedSize {
		return nil
	}
	o.play.Index = playback.LoadIndex(file, id)
	_, had := o.play.Index.Duration()
	return func() {
		if _, complete := o.play.Index.Duration(); complete && !had {
			playback.SaveIndex(file, o.play.Index, id) // without one, the next start is slower
		}
	}
}
