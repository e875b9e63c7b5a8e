package job

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// MaxEnvFile is the largest env file that is read.
const MaxEnvFile = 16 << 20

// ReadEnvFile reads an env file; see ParseEnvFile. Errors name the file, and
// the line and column where it is not one.
func ReadEnvFile(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading env file: %w", err)
	}
	defer f.Close()
	return ParseEnvFile(f, path)
}

// ParseEnvFile reads lines of K=V and gives them in their order, repetitions
// included (the last one wins in Spec.Env). name stands for the file in errors,
// which begin "name:line:column:".
//
//	# a comment
//	K=V              the value ends at the line's end or at " #"
//	export K=V       as a shell would read it
//	K='a $b "c"'     literally, over several lines if need be
//	K="a\n\"b\""     with \n, \", \\, \$, \` and a \ before a line end; any
//	                 other \ stands for itself. May span lines, too.
//
// Nothing is expanded: $HOME is those five characters. CR LF counts as LF.
func ParseEnvFile(r io.Reader, name string) ([]string, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxEnvFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading env file %s: %w", name, err)
	}
	if len(data) > MaxEnvFile {
		return nil, fmt.Errorf("reading env file %s: it is larger than %s", name, FormatSize(MaxEnvFile))
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	p := envParser{name: name, src: string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))}
	var env []string
	for p.pos < len(p.src) {
		kv, err := p.line()
		if err != nil {
			return nil, err
		}
		if kv != "" {
			env = append(env, kv)
		}
	}
	return env, nil
}

// ParseEnv checks one K=V entry of an environment and splits it. Keys may hold
// anything the kernel passes on: all but "=" and NUL.
func ParseEnv(kv string) (key, value string, err error) {
	key, value, ok := strings.Cut(kv, "=")
	switch {
	case !ok:
		err = errors.New("the = is missing: write NAME=VALUE")
	case key == "":
		err = errors.New("the name before the = is missing")
	case strings.IndexByte(kv, 0) >= 0:
		err = errors.New("it holds a NUL byte, which an environment cannot")
	}
	if err != nil {
		return "", "", fmt.Errorf("parsing environment entry %q: %w", shorten(kv), err)
	}
	return key, value, nil
}
