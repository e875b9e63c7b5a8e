package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit"
	"github.com/sluicerun/sluice/playback"
	"github.com/sluicerun/sluice/playback/animate"
	"github.com/sluicerun/sluice/vt/render"
)

// drawn are the forms of a recording that are for people alone, and cannot be read
// again.
var drawn = map[string]func(io.Writer, cast.Header, cast.Events, animate.Options) error{
	"svg": animate.SVG, "gif": animate.GIF, "html": animate.HTML, "txt": nil, "png": nil,
}

// convertOptions are the flags of sluice cast convert.
type convertOptions struct {
	editing
	without, only   []string
	draw            animate.Options
	theme           string
	fonts           []string
	from, until, at castTime
	idle            castTime
}

func newCastConvert(a *app) *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert FILE [OUT]",
		Short: "Write a recording in another format, or as a picture",
		Long: `Write a recording as asciicast (v1, v2, v3), typescript (script, script-classic),
ttyrec or raw; as text (txt: the lines that scrolled off, and the last screen); or
as a picture that moves: svg, gif, html (a page with a player), png (a folder of
frames).

The format is that of --to, or of OUT's name, else v2. Bytes that are no UTF-8, and
where reads cut characters, survive any number of conversions between formats that
have times, but v1; unknown keys, codes and comments survive those between asciicasts.
` + statuses,
		Example: `  sluice cast convert demo.cast demo.gif --theme dracula --idle-limit 1
  sluice cast convert typescript --timing timing demo.cast
  sluice cast convert nightly/0 nightly.svg --from 1:00 --until 1:20
  sluice cast convert old.cast --to v3 | ssh host 'cat > new.cast'`,
		Args: between(1, 2, "FILE and OUT"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(a, cmd.Flags(), args) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.out.addFlags(f)
	o.out.addInPlace(f)
	f.Lookup("to").Usage = "the `FORMAT`: v2, v3, v1, script, script-classic, ttyrec, raw, txt, svg, gif, html, png (default: by OUT's name, else v2)"
	f.StringSliceVar(&o.without, "without", nil, "leave out `KINDS` of events: input, markers, resizes, exit, comments, signals, sources, output")
	f.StringSliceVar(&o.only, "keep", nil, "leave out all `KINDS` but these")
	f.Var(&o.from, "from", "pictures: begin here")
	f.Var(&o.until, "until", "pictures: end here")
	f.Float64Var(&o.draw.Speed, "speed", 1, "pictures: so many times faster, `FACTOR`")
	f.VarP(&o.idle, "idle-limit", "i", "pictures: no pause is longer (default: the recording's)")
	f.IntVar(&o.draw.FPS, "fps", 0, "pictures: so many frames a second at most (default 30)")
	f.BoolVar(&o.draw.Once, "once", false, "pictures: stop at the end")
	f.Var(&o.at, "poster", "svg, html: the moment shown where nothing moves")
	addDrawFlags(f, &o.theme, &o.fonts, &o.draw.Draw)
	f.BoolVar(&o.draw.Draw.HideCursor, "no-cursor", false, "pictures: without the cursor")
	f.StringVar(&o.draw.Title, "title", "", "pictures: what it is called")
	o.in.addFlags(f)
	return cmd
}

// addDrawFlags adds how screens are drawn.
func addDrawFlags(f *pflag.FlagSet, theme *string, fonts *[]string, o *render.Options) {
	f.StringVar(theme, "theme", "", "pictures: colours by `NAME` in place of the program's palette")
	f.StringArrayVar(fonts, "font", nil, "PNG, GIF: `FILE` (TTF, OTF) for characters that the built-in font lacks; may be repeated")
	f.Float64Var(&o.Scale, "scale", 1, "PNG, GIF: enlarge by `FACTOR`")
	f.BoolVar(&o.Frame, "frame", false, "pictures: a window around it, with the title")
}

// finishDraw checks the flags of addDrawFlags.
func finishDraw(theme string, fonts []string, o *render.Options) (err error) {
	if !(o.Scale > 0 && o.Scale <= 16) {
		return usagef("--scale: %g is not above 0 and at most 16", o.Scale)
	}
	if theme != "" {
		if o.Palette, err = render.Theme(theme); err != nil {
			return usagef("--theme: %w", err)
		}
	}
	for _, name := range fonts {
		b, err := os.ReadFile(name)
		if err != nil {
			return usagef("--font: %w", err)
		}
		o.Fonts = append(o.Fonts, b)
	}
	return nil
}

// form is the name of the form that is asked for, if it is one that is drawn.
func (o *convertOptions) form() string {
	name := strings.ToLower(o.out.to)
	if name == "" {
		name = strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out.file)), ".")
	}
	if _, is := drawn[name]; is {
		return name
	}
	return ""
}

// pictureFlags mean nothing where nothing is drawn.
var pictureFlags = []string{"from", "until", "speed", "idle-limit", "fps", "once", "poster", "theme", "font", "scale", "frame", "no-cursor", "title"}

func (o *convertOptions) run(a *app, f *pflag.FlagSet, args []string) error {
	if len(args) > 1 {
		if o.out.file != "" {
			return usagef("OUT and --output are one too many")
		}
		o.out.file = args[1]
	}
	form := o.form()
	switch i := slices.IndexFunc(pictureFlags, f.Changed); {
	case form == "" && i >= 0:
		return usagef("--%s is about pictures (%s): sluice cast retime and cut change recordings", pictureFlags[i], strings.Join(slices.Sorted(maps.Keys(drawn)), ", "))
	case form == "txt" && i >= 0:
		return usagef("--%s is about pictures, and txt is all the text of a recording: cut it before, or take one moment with sluice cast screen --at", pictureFlags[i])
	case form == "txt" && len(o.without)+len(o.only) > 0:
		return usagef("--without and --keep leave kinds of events out, and txt is the text that was shown: it has no other")
	}
	edits, err := o.filters()
	if err != nil {
		return err
	}
	if form == "" {
		if _, err := cast.ParseFormat(o.out.to); err != nil && o.out.to != "" {
			return usagef("--to: %w; or as a picture: %s", err, strings.Join(slices.Sorted(maps.Keys(drawn)), ", "))
		}
		if o.out.to == "" && o.out.file == "" && !o.out.inPlace {
			o.out.to = cast.V2.String()
		}
		return o.editing.run(a, args[0], edits...)
	}
	if o.out.inPlace {
		return usagef("--in-place would lose the recording: name another file")
	}
	if err := finishDraw(o.theme, o.fonts, &o.draw.Draw); err != nil {
		return err
	}
	if f.Changed("speed") && !(o.draw.Speed >= 0.001 && o.draw.Speed <= 1000) {
		return usagef("--speed: %g is not between 0.001 and 1000", o.draw.Speed)
	}
	if f.Changed("fps") && (o.draw.FPS < 1 || o.draw.FPS > 100) {
		return usagef("--fps: %d is not between 1 and 100", o.draw.FPS)
	}
	if f.Changed("until") && o.until <= o.from {
		return usagef("--until is not after --from")
	}
	o.draw.From, o.draw.Until, o.draw.Poster = time.Duration(o.from), time.Duration(o.until), time.Duration(o.at)
	if f.Changed("idle-limit") {
		if o.draw.IdleLimit = time.Duration(o.idle); o.idle == 0 {
			o.draw.IdleLimit = -1
		}
	}
	t, err := o.in.open(a, args[0])
	if err != nil {
		return err
	}
	defer o.in.close(a)
	if o.in.reads(o.out.file) {
		return usagef("%s is the recording itself, which would be lost: name another file", o.out.file)
	}
	if o.from > 0 {
		edits = append(edits, o.within("--from", time.Duration(o.from)))
	}
	h, events := edit.Chain(edits...)(t.header, t.events)
	switch form {
	case "png":
		err = o.frames(a, h, events)
	case "txt":
		err = o.save(a, func(w io.Writer) error { return o.text(a, w, t) })
	default:
		err = o.save(a, func(w io.Writer) error { return drawn[form](w, h, events, o.draw) })
	}
	return cmp.Or(o.wrong, err)
}

func (o *convertOptions) filters() (edits []edit.Edit, err error) {
	if len(o.without) > 0 && len(o.only) > 0 {
		return nil, usagef("--without and --keep exclude each other")
	}
	without, err := parseCodes("without", o.without)
	if err != nil {
		return nil, err
	}
	keep, err := parseCodes("keep", o.only)
	if err != nil {
		return nil, err
	}
	if len(without) > 0 {
		edits = append(edits, edit.Without(without...))
	}
	if len(keep) > 0 {
		edits = append(edits, edit.Only(keep...))
	}
	return edits, nil
}

// frames writes a folder of pictures.
func (o *convertOptions) frames(a *app, h cast.Header, events cast.Events) error {
	if o.out.file == "" || o.out.file == "-" {
		return usagef("frames are files in a folder: say which with -o FOLDER")
	}
	if all, err := os.ReadDir(o.out.file); err == nil && len(all) > 0 && !o.out.overwrite {
		return &flagError{err: fmt.Errorf("writing frames to %s: it is there already, and not empty", o.out.file), hint: "--overwrite writes into it"}
	}
	n, err := animate.FrameFiles(o.out.file, h, events, o.draw)
	if err == nil {
		fmt.Fprintf(a.stderr, "sluice: %d frames in %s\n", n, o.out.file)
	}
	return err
}

// text writes what was shown. The events are read anew, from a file that one can
// move in.
func (o *convertOptions) text(a *app, w io.Writer, t *tape) error {
	src, done, err := t.source(&o.in)
	if err != nil {
		return err
	}
	defer done()
	return playback.Text(src, w)
}

// save writes a file that must be new, or standard output.
func (o *convertOptions) save(a *app, write func(io.Writer) error) (err error) {
	if o.out.file == "" || o.out.file == "-" {
		b := bufio.NewWriterSize(a.stdout, 64<<10)
		return cmp.Or(write(b), b.Flush())
	}
	return putFile(o.out.file, o.out.overwrite, write)
}
