package job

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseBind(t *testing.T) {
	for text, want := range map[string]Bind{
		"node":           {Mode: BindNode},
		" core-complex ": {Mode: BindCoreComplex},
		"none":           {Mode: BindNone},
		"auto":           {Mode: BindAuto},
		"0-3:4-7":        {Mode: BindList, Lists: []CPUList{CPUs(0, 1, 2, 3), CPUs(4, 5, 6, 7)}},
		"0,8":            {Mode: BindList, Lists: []CPUList{CPUs(0, 8)}},
		" 1 , 2 : 3":     {Mode: BindList, Lists: []CPUList{CPUs(1, 2), CPUs(3)}},
	} {
		got, err := ParseBind(text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q is %+v (%v), want %+v", text, got, err, want)
		}
		if back, err := ParseBind(got.String()); err != nil || !cmp.Equal(back, got) {
			t.Errorf("%q is written %q, which reads as %+v (%v)", text, got, back, err)
		}
	}
	for text, want := range map[string]string{
		"": "allowed: none, auto", "nodes": "did you mean node?", "exclusiv": "did you mean exclusive?", "list": "write the lists themselves",
		"core_complex": "did you mean core-complex?", "numa": "or one CPU list for each local rank", "-1": "allowed: none",
		"0-3:": "the list of local rank 1 is empty", "0::1": "the list of local rank 1 is empty", "0-3:x": `"x" is no CPU number`,
		"0-3:9-4": "runs backwards", "0:-1": "cannot be negative",
	} {
		got, err := ParseBind(text)
		if err == nil || !strings.HasPrefix(err.Error(), "parsing binding") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %+v, %v; want %q in the error", text, got, err, want)
		}
	}
}

func TestBindFlag(t *testing.T) {
	b := Bind{Mem: MemLocal, Fallback: true, Report: true}
	if b.String() != "none" || b.Type() == "" || b.Binds() {
		t.Errorf("the zero mode shows as %q", b)
	}
	if err := b.Set("0:1"); err != nil || b.String() != "0:1" || b.Mem != MemLocal || !b.Fallback || !b.Report || !b.Binds() {
		t.Errorf("%+v, %v", b, err)
	}
	if err := b.Set("nod"); err == nil || b.String() != "0:1" {
		t.Errorf("a bad value changed it to %+v (%v)", b, err)
	}
	if err := b.Set("node"); err != nil || len(b.Lists) != 0 {
		t.Errorf("%+v, %v", b, err)
	}
	var m BindMem
	if m.String() != "none" || m.Type() == "" {
		t.Errorf("the zero policy shows as %q", m)
	}
	if err := m.Set("lokal"); err == nil || !strings.Contains(err.Error(), "did you mean local?") || m != "" {
		t.Errorf("%q, %v", m, err)
	}
	if err := m.Set("preferred"); err != nil || m != MemPreferred {
		t.Errorf("%q, %v", m, err)
	}
}

func TestBindValidate(t *testing.T) {
	lists := []CPUList{CPUs(0), CPUs(1)}
	for _, c := range []struct {
		bind  Bind
		local int
		want  string
	}{
		{Bind{}, 8, ""},
		{Bind{Fallback: true, Report: true}, 8, ""},
		{Bind{Mode: BindNode, Mem: MemLocal}, 8, ""},
		{Bind{Mode: BindList, Lists: lists}, 2, ""},
		{Bind{Mode: BindList, Lists: lists}, 0, ""},
		{Bind{Mode: BindList, Lists: lists}, 3, "there are 3 workers and lists for 2 of them"},
		{Bind{Mode: BindList}, 0, "there are no lists"},
		{Bind{Mode: BindList, Lists: []CPUList{CPUs(0), {}}}, 2, "the list of local rank 1 is empty"},
		{Bind{Mode: BindNode, Lists: lists}, 2, "lists of CPUs go with no other mode"},
		{Bind{Mode: "sockets"}, 2, "did you mean socket?"},
		{Bind{Mode: BindNode, Mem: "locl"}, 2, "did you mean local?"},
		{Bind{Mem: MemLocal}, 2, "workers that are not bound have no memory nodes"},
	} {
		err := c.bind.Validate(c.local)
		var usage *UsageError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", c.bind, err)
		case c.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: %v, want %q", c.bind, err, c.want)
		}
	}
}

func TestBindJSON(t *testing.T) {
	b := Bind{Mode: BindList, Lists: []CPUList{CPUs(0, 1), CPUs(4)}, Mem: MemPreferred, Fallback: true}
	data, err := json.Marshal(b)
	if err != nil || string(data) != `{"mode":"list","lists":["0-1","4"],"mem":"preferred","fallback":true}` {
		t.Fatalf("%s, %v", data, err)
	}
	var back Bind
	if err := json.Unmarshal(data, &back); err != nil || !cmp.Equal(back, b) {
		t.Fatalf("%+v, %v", back, err)
	}
	if data, err := json.Marshal(Bind{}); err != nil || string(data) != "{}" {
		t.Fatalf("%s, %v", data, err)
	}
	if !(Bind{Mode: BindNone, Mem: MemNone}).IsZero() || (Bind{Report: true}).IsZero() || b.IsZero() {
		t.Error("IsZero is wrong")
	}
}

func FuzzBind(f *testing.F) {
	for _, s := range []string{"node", "core-complex", "list", "0-3:4-7", "0,,1:2", "0:", "1-0", "0-1048575:0", " 5 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseBind(s)
		if err != nil {
			return
		}
		if back, err := ParseBind(b.String()); err != nil || !cmp.Equal(back, b) {
			t.Fatalf("%q is %+v, written %q, which reads as %+v (%v)", s, b, b.String(), back, err)
		}
		if err := b.Validate(len(b.Lists)); err != nil {
			t.Fatalf("%q is not valid: %v", s, err)
		}
	})
}
