package remote

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseHosts(t *testing.T) {
	for text, want := range map[string][]Host{
		"a":                       {{"a", 0}},
		"a:8, b:4,c":              {{"a", 8}, {"b", 4}, {"c", 0}},
		"me@node-1.example.org:2": {{"me@node-1.example.org", 2}},
		"[fe80::1%eth0]:3,::":     nil,
		"[fe80::1]:3,[::1]":       {{"fe80::1", 3}, {"::1", 0}},
		"root@[::1]:2":            {{"root@::1", 2}},
		"":                        nil, "a,,b": nil, "a:0": nil, "a:-1": nil, "a:x": nil, "a:99999999999999999999": nil, ":8": nil,
		"-oProxyCommand=x": nil, "@a": nil, "u@": nil, "a b": nil, "$(x)": nil, "a,a:2": nil, "fe80::1": nil, "[::1": nil, "[::1]8": nil, "a;b": nil,
	} {
		got, err := ParseHosts(text)
		if (err != nil) != (want == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestReadHosts(t *testing.T) {
	for text, want := range map[string][]Host{
		"# all\na\nb:2 # two\n\n  c slots=8\r\n": {{"a", 0}, {"b", 2}, {"c", 8}},
		"":                                       nil, "# none": nil, "a slots=0": nil, "a:2 slots=2": nil, "a max_slots=2": nil, "a b": nil, "a\na": nil,
	} {
		got, err := ReadHosts(strings.NewReader(text))
		if (err != nil) != (want == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if _, err := ReadHosts(strings.NewReader("a\nb:x\n")); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("the line is not named: %v", err)
	}
}

func FuzzHosts(f *testing.F) {
	for _, s := range []string{"a:8,b", "u@[::1]:2", "a slots=4\nb # x", "-x", "a,,", "[", "@", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lists := [][]Host{}
		if list, err := ParseHosts(text); err == nil {
			lists = append(lists, list)
		}
		if list, err := ReadHosts(strings.NewReader(text)); err == nil {
			lists = append(lists, list)
		}
		for _, list := range lists {
			for _, h := range list {
				if h.Name == "" || h.Name[0] == '-' || strings.ContainsAny(h.Name, " \t\n'\"$`;") || h.Workers < 0 {
					t.Errorf("%q: %q with %d workers", text, h.Name, h.Workers)
				}
			}
		}
	})
}
