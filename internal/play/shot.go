package play

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// shoot saves a screen as a picture and as text, and returns the files' names
// without what comes after the dot. Files that are there are left alone.
func shoot(folder, name string, at time.Duration, s *vt.Snapshot) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("saving the screen: %w", err) }
	name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	if strings.Trim(name, "./\\") == "" {
		name = "recording"
	}
	name = fmt.Sprintf("%s-%02d.%02d.%02d.%03d", name, at/time.Hour, at/time.Minute%60, at/time.Second%60, at/time.Millisecond%1000)
	var svg bytes.Buffer
	if err := render.SVG(&svg, s, render.Options{}); err != nil {
		return fail(err)
	}
	text := []byte(render.Text(s, render.Options{}))
	for n := 1; n < 1000; n++ {
		base := filepath.Join(folder, name)
		if n > 1 {
			base = fmt.Sprintf("%s-%d", base, n)
		}
		err := create(base+".svg", svg.Bytes())
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = create(base+".txt", text)
		}
		if err != nil {
			return fail(err)
		}
		return base, nil
	}
	return fail(fmt.Errorf("%s has too many of this time already", filepath.Join(folder, name)))
}

// create writes a file that is not there, for the user alone: a recording may show
// what others must not see.
func create(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
