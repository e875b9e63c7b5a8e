package animate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// HTML writes a page with asciinema's player and the recording in it, which loads
// nothing else. The recording is all of it up to [Options.Until], so that one can
// seek; the player begins at From and stops at the end. Its markers are the
// player's. FPS, Hold, Once and what Draw says of windows mean nothing to a player.
//
// Errors are those of events, of w, of options that are not possible and of
// events that the format has no room for.
func HTML(w io.Writer, h cast.Header, events cast.Events, o Options) error {
	if err := o.fill(h, events, w != nil); err != nil {
		return fmt.Errorf("making a page: %w", err)
	}
	c, err := newColors(h, o)
	if err != nil {
		return fmt.Errorf("making a page: %w", err)
	}
	h.Theme = themeOf(&c.base)
	h.IdleTimeLimit = 0 // it is among the player's options
	h.Title = o.Title
	clock := clock{limit: o.IdleLimit, poster: max(o.Poster, o.From)}
	var recording bytes.Buffer
	if err := writeRecording(&recording, h, events, o.Until, &clock); err != nil {
		return fmt.Errorf("making a page: %w", err)
	}
	options, err := json.Marshal(playerOptions(o, clock.posterAt))
	if err != nil {
		return fmt.Errorf("making a page: %w", err)
	}
	b := bufio.NewWriter(w)
	writePage(b, o.Title, fmt.Sprintf("#%06x", c.base.Bg&0xffffff), recording.Bytes(), options)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing html: %w", err)
	}
	return nil
}

// writeRecording writes events up to a time, 0 for all, in the version that the
// player knows best.
func writeRecording(w io.Writer, h cast.Header, events cast.Events, until time.Duration, clock *clock) error {
	h.Width, h.Height = h.Size()
	out, err := cast.NewWriter(w, cast.V3, h)
	if err != nil {
		return err
	}
	for e, err := range events {
		if err != nil {
			return fmt.Errorf("reading the recording: %w", err)
		}
		if until > 0 && e.Time > until {
			break
		}
		clock.tick(e.Time)
		if err := out.Write(e); err != nil {
			return err
		}
	}
	return out.Close()
}

// playerOptions are those that the player's create takes. poster is in its time, in
// which pauses are cut already.
func playerOptions(o Options, poster time.Duration) map[string]any {
	opts := map[string]any{
		"theme":  "auto/asciinema", // that of the recording, which newColors has put there
		"poster": "npt:" + strconv.FormatFloat(poster.Seconds(), 'f', -1, 64),
		"speed":  o.Speed,
		"fit":    "width",
	}
	if o.From > 0 {
		opts["startAt"] = o.From.Seconds()
	}
	if o.IdleLimit < math.MaxInt64 {
		opts["idleTimeLimit"] = o.IdleLimit.Seconds()
	}
	if o.Cols > 0 {
		opts["cols"] = o.Cols
	}
	if o.Rows > 0 {
		opts["rows"] = o.Rows
	}
	if o.Draw.FontSize > 0 {
		opts["fit"] = false
		opts["terminalFontSize"] = fmt.Sprintf("%gpx", o.Draw.FontSize)
	}
	if o.Draw.FontFamily != "" {
		opts["terminalFontFamily"] = o.Draw.FontFamily
	}
	if o.Draw.HideCursor {
		opts["cursorMode"] = "hidden"
	}
	if o.Draw.BoldBright {
		opts["boldIsBright"] = true
	}
	return opts
}

// writePage writes the page. Its policy lets nothing run but the two scripts: what
// is in a recording cannot, whatever it is.
func writePage(b *bufio.Writer, title, background string, recording, options []byte) {
	js, css := Player()
	js = bytes.ReplaceAll(js, []byte("</script"), []byte(`<\/script`))
	if title == "" {
		title = "recording"
	}
	start := fmt.Sprintf(`
const text = new TextDecoder().decode(Uint8Array.from(atob(document.getElementById("recording").textContent), c => c.charCodeAt(0)));
const player = AsciinemaPlayer.create({data: text}, document.getElementById("player"), %s);
`, options)
	fmt.Fprintf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '%s' '%s' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; img-src data:; font-src data:\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n", policyHash(js), policyHash([]byte(start)), html.EscapeString(title))
	b.WriteString("<style>\n")
	b.Write(css)
	fmt.Fprintf(b, "\nbody { margin: 0; background: %s; }\n</style>\n</head>\n<body>\n<div id=\"player\"></div>\n", background)
	b.WriteString("<script type=\"text/plain\" id=\"recording\">")
	enc := base64.NewEncoder(base64.StdEncoding, b)
	_, _ = enc.Write(recording) // b keeps its error
	_ = enc.Close()
	b.WriteString("</script>\n<script>")
	b.Write(js)
	b.WriteString("</script>\n<script>" + start + "</script>\n</body>\n</html>\n")
}

// policyHash names a script in a Content-Security-Policy.
func policyHash(script []byte) string {
	sum := sha256.Sum256(script)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
