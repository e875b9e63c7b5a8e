//go:build linux

package pty

import "testing"

// State is asked after every write of injected input.
func BenchmarkState(b *testing.B) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.State(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUntaken(b *testing.B) {
	m, slave, err := Open(OpenOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	for b.Loop() {
		if _, err := m.Untaken(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		m, slave, err := Open(OpenOptions{})
		if err != nil {
			b.Fatal(err)
		}
		slave.Close()
		m.Close()
	}
}
