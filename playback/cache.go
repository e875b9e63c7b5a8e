package playback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
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
func SaveIndex(file string, x *Index, id Identity) (err error) {
	fail := func(err error) error { return fmt.Errorf("keeping an index: %w", err) }
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(dir, ".index-*") // 0600
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	err = x.Write(f, id)
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fail(cerr)
	}
	if err != nil {
		return err
	}
	if err = os.Rename(f.Name(), file); err != nil {
		return fail(err)
	}
	return nil
}
