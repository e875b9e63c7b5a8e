// Command pack makes one program of two builds of sluice: the small one, and behind
// it the whole one.
package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/sluicerun/sluice/internal/packed"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/pack OUTPUT SMALL WHOLE")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(output, small, whole string) error {
	if err := alike(small, whole); err != nil {
		return err
	}
	// A program that runs cannot be written to, and may be replaced.
	out, err := os.OpenFile(output+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	defer os.Remove(output + ".new")
	defer out.Close()
	front, err := os.Open(small)
	if err != nil {
		return err
	}
	defer front.Close()
	if _, err := io.Copy(out, front); err != nil {
		return fmt.Errorf("writing %s: %w", output, err)
	}
	back, err := os.Open(whole)
	if err != nil {
		return err
	}
	defer back.Close()
	if err := packed.Append(out, back); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", output, err)
	}
	return os.Rename(output+".new", output)
}

// alike refuses programs that would not understand each other: they talk as
// launcher and agent.
func alike(small, whole string) error {
	var settings [2][]string
	for i, path := range []string{small, whole} {
		bi, err := buildinfo.ReadFile(path)
		if err != nil {
			return err
		}
		settings[i] = []string{bi.GoVersion, bi.Main.Version}
		for _, s := range bi.Settings {
			if s.Key != "-tags" {
				settings[i] = append(settings[i], s.Key+"="+s.Value)
			}
		}
	}
	if !slices.Equal(settings[0], settings[1]) {
		return fmt.Errorf("%s and %s were built differently: %v, %v", small, whole, settings[0], settings[1])
	}
	return nil
}
