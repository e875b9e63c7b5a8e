// Command man writes the manual pages of all subcommands into a directory. It is
// a program of its own so that sluice does not carry the page writer.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra/doc"

	"github.com/sluicerun/sluice/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/man DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the directory for the pages: %w", err)
	}
	root := cli.Root()
	root.DisableAutoGenTag = true
	header := doc.GenManHeader{Title: "SLUICE", Section: "1", Source: "sluice", Manual: "sluice"}
	if err := doc.GenManTree(root, &header, dir); err != nil {
		return fmt.Errorf("writing the pages into %s: %w", dir, err)
	}
	return nil
}
