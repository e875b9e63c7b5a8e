package dialogue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func isInclude(op Op) bool { _, ok := op.(*Include); return ok }

// include reads another script.
func (p *parser) include(l *scanner, w word) (Op, *Problem) {
	name, plain := w.text.Plain()
	bad := func(why, hint string) (Op, *Problem) { return nil, l.problem(w.start, w.end, why, hint) }
	switch {
	case !plain:
		return bad("the name of an included script has no variables: scripts are read before anything runs", "")
	case name == "":
		return bad("the name of the script is empty", "")
	case isTape(name):
		return bad("a tape cannot be included", "turn it into a script first: Format of a tape is one")
	}
	path := beside(p.name, name)
	if slices.Contains(p.stack, path) {
		return bad("the script includes itself: "+strings.Join(append(p.stack, path), " includes "), "")
	}
	if p.files >= maxIncludes {
		return bad(fmt.Sprintf("more than %d scripts are included", maxIncludes), "")
	}
	src, err := p.o.open(path)
	if err != nil {
		return bad("the included script cannot be read: "+reason(err), "names are relative to the script that includes them")
	}
	return &Include{File: name, Body: p.file(path, src, p.stack)}, nil
}

// beside is a file's name as a script means it.
func beside(script, name string) string {
	if filepath.IsAbs(name) || script == "-" || script == "" {
		return filepath.Clean(name)
	}
	return filepath.Join(filepath.Dir(script), name)
}

// reason is a file error without the name, which is said already.
func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
