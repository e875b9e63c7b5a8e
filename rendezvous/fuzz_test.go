package rendezvous

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecode: what the store holds may be anything. What is read without an error
// can be worked with, and written and read again as the same.
func FuzzDecode(f *testing.F) {
	node := Node{Name: "a", Addr: "10.0.0.1", Workers: 4, Role: "ps"}
	f.Add(encode(fence{Version: 1, Run: "job", Nodes: 2, Generation: "g"}))
	f.Add(encode(claim{Version: 1, ID: "x", Node: node}))
	f.Add(encode(message{Version: 1, Kind: formed, Nodes: []Node{node}, MasterAddr: "a", MasterPort: 1}))
	f.Add(encode(message{Version: 1, Kind: Again, Restarts: 3, Why: "x\xff"}))
	f.Add(encode(message{Version: 1, Kind: Failed, Failure: &Failure{Rank: -1, Text: "x"}}))
	for _, s := range []string{
		"", "null", "[]", "{}", `{"version":1}`, `{"version":2,"kind":[]}`, `{"version":1,"kind":"failed"}`,
		`{"version":1,"kind":"formed","nodes":[{"workers":1,"rank":1}]}`, `{"version":1,"nodes":-1,"generation":"g"}`,
		`{"version":1,"node":{"workers":1e99}}`, `{"version":1,"kind":"formed","nodes":[{"workers":-4}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := decodeFence(data); err == nil {
			again(t, v, decodeFence)
		}
		if v, err := decodeClaim(data); err == nil {
			again(t, v, decodeClaim)
		}
		m, err := decodeMessage(data)
		if err != nil {
			return
		}
		again(t, m, decodeMessage)
		world := 0
		for _, r := range Assign(m.Nodes) {
			if m.Kind == formed && (r.RankBase != world || r.Self().Workers < 1 || r.Self().Rank != r.GroupRank) {
				t.Fatalf("the plan %s gives %+v", data, r)
			}
			world += r.Self().Workers
		}
		if m.Kind == Failed && m.change().Failure.String() == "" {
			t.Fatalf("%s fails for no reason", data)
		}
	})
}

func again[T any](t *testing.T, v T, decode func([]byte) (T, error)) {
	t.Helper()
	back, err := decode(encode(v))
	if err != nil || !reflect.DeepEqual(v, back) {
		t.Fatalf("%+v comes back as %+v (%v)", v, back, err)
	}
}

func FuzzClip(f *testing.F) {
	for _, s := range []string{"", "short", strings.Repeat("ü", maxText), strings.Repeat("x", maxText) + "\xff", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clip(s)
		if !utf8.ValidString(got) || len(got) > maxText+40 || len(s) <= maxText && utf8.ValidString(s) && got != s {
			t.Fatalf("%d bytes became %d: %.80q", len(s), len(got), got)
		}
	})
}
