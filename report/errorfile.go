package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// MaxErrorFile is the largest error file that is believed. Tracebacks are
// kilobytes.
const MaxErrorFile = 4 << 20

// ErrorFile is what a worker wrote about its own failure to the path in
// TORCHELASTIC_ERROR_FILE, as PyTorch's @record does.
type ErrorFile struct {
	// Message is one line as a rule: "ValueError: bad shape".
	Message string
	// Callstack is the traceback, if there is one.
	Callstack string
	// Time has whole seconds; zero where the file does not tell.
	Time time.Time
	// Code is the exit code of the worker's own child, where the worker was a
	// launcher itself; else 0.
	Code int
}

// ReadErrorFile reads an error file of either shape:
//
//	{"message": {"message": "...", "extraInfo": {"py_callstack": "...", "timestamp": "1767225600"}}}
//	{"message": "...", "timestamp": 1767225600}
//
// A worker may have been killed while it wrote, so whoever gets an error goes on
// as if there were no error file.
func ReadErrorFile(path string) (ErrorFile, error) {
	// O_NONBLOCK: should the path be a FIFO, opening must not wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ErrorFile{}, fmt.Errorf("reading error file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ErrorFile{}, fmt.Errorf("reading error file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return ErrorFile{}, fmt.Errorf("reading error file %s: it is not a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxErrorFile+1))
	if err != nil {
		return ErrorFile{}, fmt.Errorf("reading error file: %w", err)
	}
	if len(data) > MaxErrorFile {
		return ErrorFile{}, fmt.Errorf("reading error file %s: it is larger than %d bytes", path, MaxErrorFile)
	}
	e, err := parseErrorFile(data)
	if err != nil {
		return ErrorFile{}, fmt.Errorf("reading error file %s: %w", path, err)
	}
	return e, nil
}

func parseErrorFile(data []byte) (ErrorFile, error) {
	var outer struct {
		Message   json.RawMessage `json:"message"`
		Timestamp json.RawMessage `json:"timestamp"`
		ErrorCode json.RawMessage `json:"errorCode"`
	}
	if err := json.Unmarshal(data, &outer); err != nil {
		return ErrorFile{}, err
	}
	var e ErrorFile
	switch message := bytes.TrimSpace(outer.Message); {
	case len(message) == 0:
		return ErrorFile{}, errors.New(`it has no "message"`)
	case message[0] == '"':
		if err := json.Unmarshal(message, &e.Message); err != nil {
			return ErrorFile{}, err
		}
		e.Time = unixTime(outer.Timestamp)
		e.Code = exitCode(outer.ErrorCode)
	case message[0] == '{':
		var inner struct {
			Message   string `json:"message"`
			ExtraInfo struct {
				Callstack string          `json:"py_callstack"`
				Timestamp json.RawMessage `json:"timestamp"`
			} `json:"extraInfo"`
			ErrorCode json.RawMessage `json:"errorCode"`
		}
		if err := json.Unmarshal(message, &inner); err != nil {
			return ErrorFile{}, err
		}
		e = ErrorFile{
			Message:   inner.Message,
			Callstack: inner.ExtraInfo.Callstack,
			Time:      unixTime(inner.ExtraInfo.Timestamp),
			Code:      exitCode(inner.ErrorCode),
		}
	default:
		return ErrorFile{}, errors.New(`its "message" is neither text nor an object`)
	}
	if e.Message == "" && e.Callstack == "" {
		return ErrorFile{}, errors.New("it says nothing")
	}
	return e, nil
}

// unixTime reads seconds since 1970 as a number or as text. What is missing or
// out of all reason is the zero time: 1970 would make it the first failure.
func unixTime(raw json.RawMessage) time.Time {
	sec, ok := number(raw)
	if !ok || !(sec > 0 && sec < 253402300800) { // the year 10000; NaN fails it, too
		return time.Time{}
	}
	whole, part := math.Modf(sec)
	return time.Unix(int64(whole), int64(part*1e9))
}

func exitCode(raw json.RawMessage) int {
	n, ok := number(raw)
	if !ok || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0
	}
	return int(n)
}

func number(raw json.RawMessage) (float64, bool) {
	text := strings.Trim(string(bytes.TrimSpace(raw)), `"`)
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
