//go:build !linux

package early

var started *Process
