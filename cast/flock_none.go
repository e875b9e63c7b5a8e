//go:build solaris || aix

package cast

func flock(int) error { return nil }
