package animate

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt/render"
)

// Frames calls each with every picture that differs from the one before, the first
// at 0, and returns how long all of it takes. All have the same size. The picture
// is valid until each returns; an error of it ends the walk and is returned as it
// is.
func Frames(h cast.Header, events cast.Events, o Options, each func(i int, at time.Duration, img *image.RGBA) error) (time.Duration, error) {
	if err := o.fill(h, events, each != nil); err != nil {
		return 0, fmt.Errorf("drawing pictures: %w", err)
	}
	r, err := load(h, events, o)
	if err != nil {
		return 0, fmt.Errorf("drawing pictures: %w", err)
	}
	film, err := render.NewFilm(r.cols, r.rows, o.Title, o.Draw)
	if err != nil {
		return 0, fmt.Errorf("drawing pictures: %w", err)
	}
	i := 0
	for f := range r.frames() {
		if film.Draw(f.screen).Empty() {
			continue
		}
		if err := each(i, f.at, film.Image()); err != nil {
			return 0, err
		}
		i++
	}
	return r.end, nil
}

// listName is the file that says how long each picture stays.
const listName = "frames.ffconcat"

// FrameFiles writes the pictures of [Frames] into a directory, which it makes if it
// is not there, as frame-00000.png and so on, and beside them frames.ffconcat,
// which says how long each stays and which ffmpeg reads as a film. It returns how
// many pictures there are.
func FrameFiles(dir string, h cast.Header, events cast.Events, o Options) (n int, err error) {
	list := bytes.NewBufferString("ffconcat version 1.0\n")
	var since time.Duration
	end, err := Frames(h, events, o, func(i int, at time.Duration, img *image.RGBA) error {
		if i > 0 {
			fmt.Fprintf(list, "duration %.6f\n", (at - since).Seconds())
		} else if err := os.MkdirAll(dir, 0o777); err != nil { // no sooner: there may be nothing to show
			return fmt.Errorf("writing pictures: %w", err)
		}
		since, n = at, i+1
		name := fmt.Sprintf("frame-%05d.png", i)
		fmt.Fprintf(list, "file %s\n", name)
		return writePNG(filepath.Join(dir, name), img)
	})
	if err != nil {
		return n, err
	}
	fmt.Fprintf(list, "duration %.6f\n", (end - since).Seconds())
	if err := os.WriteFile(filepath.Join(dir, listName), list.Bytes(), 0o666); err != nil {
		return n, fmt.Errorf("writing pictures: %w", err)
	}
	return n, nil
}

func writePNG(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, img)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("writing the picture %s: %w", path, err)
	}
	return nil
}
