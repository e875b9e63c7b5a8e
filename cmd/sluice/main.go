// Command sluice launches processes and owns their streams.
package main

import (
	"os"

	"github.com/sluicerun/sluice/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:]))
}
