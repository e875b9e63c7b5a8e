//go:build linux && !amd64

package early

func fromEntry() *Process { return nil }
