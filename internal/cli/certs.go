package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/internal/creds"
	"github.com/sluicerun/sluice/job"
)

// maxDays bounds certs --days: a century.
const maxDays = 36500

func newCerts(a *app) *cobra.Command {
	days := 365
	cmd := &cobra.Command{
		Use:   "certs DIR",
		Short: "Make credentials for runs over several machines",
		Long: `Make a certificate authority of your own, a certificate with its key, and a token,
in DIR: ca.pem, cert.pem, key.pem, token. Machines that have the directory can take
part in each other's runs; nobody else can, or can read what goes between them.

The authority's own key is not kept. Certificates of another authority do as well,
under the same names; a token is optional there.
` + statuses,
		Example: `  sluice certs ~/sluice-certs
  sluice certs --days 30 certs && scp -rp certs b:`,
		Args: exactly(1, "one DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return certsMake(a, args[0], days) },
	}
	cmd.Flags().IntVar(&days, "days", days, "how many days they are valid")
	return cmd
}

func certsMake(a *app, dir string, days int) error {
	if days < 1 || days > maxDays {
		return usagef("--days takes 1 to %d, not %d", maxDays, days)
	}
	if dir == "" {
		return usagef("DIR is empty")
	}
	valid := time.Duration(days) * 24 * time.Hour
	err := creds.Make(dir, valid)
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrExist), errors.As(err, &path):
		return &flagError{err: err}
	case err != nil:
		return err
	}
	shown := job.Quote(filepath.Clean(dir))
	_, err = fmt.Fprintf(a.stdout, `made in %s, valid until %s:
  ca.pem    the authority's certificate
  cert.pem  the certificate that every machine shows
  key.pem   its key: secret
  token     the word that every machine knows: secret
copy the directory to every machine, to where only you can read it, and name it there:
  scp -rp %s HOST:
  sluice run --tls %s ...
`, shown, time.Now().Add(valid).UTC().Format("2006-01-02 15:04 MST"), shown, shown)
	return err
}
