//go:build !small

package cli

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web"
)

// serverEnv are the variables that name a server, ours and asciinema's.
var serverEnv = []string{"SLUICE_SERVER", "ASCIINEMA_SERVER_URL", "ASCIINEMA_API_URL"}

func newUpload(a *app) *cobra.Command {
	var in castIn
	var o web.UploadOptions
	cmd := &cobra.Command{
		Use:   uploadUse,
		Short: uploadShort,
		Long: `Upload a recording to a server that speaks asciinema's API, and print its URL. The
server is that of --server or of one of ` + strings.Join(serverEnv, ", ") + `:
nothing is sent anywhere unless you say where. The token is the install id by which
the server knows you: --token, ASCIINEMA_INSTALL_ID, or the file that asciinema
keeps. What is no asciicast is converted on the way.
` + statuses,
		Example: `  sluice upload demo.cast --server https://asciinema.example --title "How to"`,
		Args:    exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range serverEnv {
				if o.Server == "" {
					o.Server = os.Getenv(name)
				}
			}
			if o.Server == "" {
				return usagef("say where to: --server https://HOST, or set %s", serverEnv[0])
			}
			if u, err := url.Parse(o.Server); err != nil || u.Host == "" {
				return usagef("--server: %q is no URL of a server; write https://HOST", o.Server)
			}
			var err error
			if o.Token == "" {
				if o.Token, err = web.InstallID(os.Getenv); err != nil {
					return &flagError{err: err, hint: "--token gives it"}
				}
			}
			in.shown = true // of a run, what was typed is nobody's business
			t, err := in.open(a, args[0])
			if err != nil {
				return err
			}
			defer in.close(a)
			f, err := t.asciicast(&in)
			if err != nil {
				return err
			}
			defer f.Close()
			o.File, o.Name = f, strings.ReplaceAll(t.name, "/", "-")+".cast"
			if t.path != "" {
				o.Name = strings.TrimSuffix(t.name, filepath.Ext(t.name)) + ".cast"
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			done, err := web.Upload(ctx, o)
			if err != nil {
				return webError(cmd, err)
			}
			if done.Message != "" {
				fmt.Fprintln(a.stderr, printableLines(done.Message))
			}
			fmt.Fprintln(a.stdout, printableLines(done.URL))
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Server, "server", "", "the server's `URL`, https://HOST")
	f.StringVar(&o.Token, "token", "", "the install id by which the server knows you")
	f.StringVar(&o.User, "user", "", "the `NAME` that goes with it (default $USER)")
	f.StringVarP(&o.Title, "title", "t", "", "what the recording is called there")
	f.StringVar(&o.Description, "description", "", "what is said of it there")
	f.StringVar(&o.Visibility, "visibility", "", "`WHO` may see it: public, unlisted, private")
	f.BoolVar(&o.Insecure, "insecure", false, "without TLS")
	in.addFlags(f)
	return cmd
}

// asciicast is the recording as a file that servers take.
func (t *tape) asciicast(in *castIn) (*os.File, error) {
	if t.reader != nil && t.path != "" {
		switch t.reader.Format() {
		case cast.V1, cast.V2, cast.V3:
			return os.Open(t.path)
		}
	}
	f, err := os.CreateTemp("", "sluice-upload-")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	if err := put(f, cast.V2, t.header, t.events); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// printableLines is text of a server that may go to somebody's terminal.
func printableLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}
