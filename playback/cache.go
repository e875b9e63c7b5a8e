package playback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sluicerun/sluice/internal/atomicfile"
)

// CacheFile is where the index of the recording at path belongs in the user's cache
// folder. Nothing is made. The error is that the user has none.
func CacheFile(path string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for the index of %s: %w", path, err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding a place for the index of %s: %w", path, err)
	}
	sum := sha256.Sum256([]byte(full))
	return filepath.Join(dir, "sluice", "index", hex.EncodeToString(sum[:16])), nil
}

// LoadIndex reads the index of the recording id from a file. An index that is
// missing, damaged or of another recording is an empty one.
func LoadIndex(file string, id Identity) *Index {
	f, err := os.Open(file)
	if err != nil {
		return &Index{}
	}
	defer f.Close()
	x, err := ReadIndex(f, id)
	if err != nil {
		return &Index{}
	}
	return x
}

// SaveIndex writes the index of the recording id to a file, whole or not at all,
// for the user alone, and makes the folders above it.
func SaveIndex(file string, x *Index, id Identity) error {
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = atomicfile.Replace(file, 0o600, false, func(w io.Writer) error { return x.Write(w, id) })
	}
	if err != nil {
		return fmt.Errorf("keeping an index: %w", err)
	}
	return nil
}
