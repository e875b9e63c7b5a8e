//go:build small

package elastic

import (
	"context"
	"errors"

	"github.com/sluicerun/sluice/job"
)

// HasEngine tells whether this program can meet other nodes that come and go. One
// that was built with the tag small, as this one, cannot: it starts sooner.
func HasEngine() bool { return false }

func openEngine(context.Context, job.Nodes, string, string, func(string), func(error)) (*engine, error) {
	return nil, errors.New("meeting the other nodes: this program was built without the engine for that (go build -tags small)")
}
