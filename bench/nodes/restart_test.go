package main

import (
	"testing"
	"time"
)

func TestAcrossNodes(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  time.Duration // 0 for an error
	}{
		{"the first fails", []string{"100\n130\n190\n", "140\n150\n"}, 50},
		{"the second fails, the others are late", []string{"160\n140\n", "100\n110\n120\n", "150\n151\n"}, 60},
		{"nobody fails", []string{"100\n130\n", "140\n150\n"}, 0},
		{"two fail", []string{"100\n130\n131\n", "101\n140\n150\n"}, 0},
		{"a worker is missing", []string{"100\n130\n190\n", "140\n"}, 0},
		{"nothing else", []string{"100\n130\n190\n"}, 0},
		{"starts before the failure", []string{"100\n130\n190\n", "90\n99\n"}, 0},
		{"no number", []string{"100\n130\n190\n", "140\nlate\n"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var files [][]byte
			for _, f := range c.files {
				files = append(files, []byte(f))
			}
			got, err := acrossNodes(files)
			if got != c.want || (err != nil) != (c.want == 0) {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
		})
	}
}
