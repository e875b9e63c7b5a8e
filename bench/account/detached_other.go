//go:build !linux

package main

import "errors"

func startDetached([]string, int, string) (*gang, error) {
	return nil, errors.New("what a launcher leaves behind is found on Linux only")
}
