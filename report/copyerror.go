package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/sluicerun/sluice/internal/atomicfile"
)

// CopyErrorFile hands the error file of a worker to whoever started us, at dst
// (our own TORCHELASTIC_ERROR_FILE), as torchrun does: what is there is
// replaced, and a message of the nested shape gets the worker's exit code,
// -n for signal n, as errorCode if it is not 0. A file that ReadErrorFile does
// not understand is not copied.
func CopyErrorFile(src, dst string, code int) error {
	if _, err := ReadErrorFile(src); err != nil {
		return err
	}
	f, err := os.Open(src)
	if err != nil {
		return fmt.Errorf("copying error file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxErrorFile))
	if err != nil {
		return fmt.Errorf("copying error file: %w", err)
	}
	if code != 0 {
		data = withErrorCode(data, code)
	}
	if err := atomicfile.Replace(dst, 0o600, false, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		return fmt.Errorf("copying error file: %w", err)
	}
	return nil
}

// withErrorCode puts the code beside the inner message, where there is one.
func withErrorCode(data []byte, code int) []byte {
	var outer, inner map[string]json.RawMessage
	if json.Unmarshal(data, &outer) != nil || json.Unmarshal(outer["message"], &inner) != nil {
		return data
	}
	inner["errorCode"] = json.RawMessage(strconv.Itoa(code))
	var err error
	if outer["message"], err = json.Marshal(inner); err != nil {
		return data
	}
	out, err := json.Marshal(outer)
	if err != nil {
		return data
	}
	return out
}
