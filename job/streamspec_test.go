package job

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestStreamSpec(t *testing.T) {
	for _, c := range []struct {
		text, canonical string
		want            map[int]Std
	}{
		{"0", "none", map[int]Std{0: None, 7: None}},
		{"1", "out", map[int]Std{0: Out, 70: Out}},
		{"2", "err", map[int]Std{0: Err, 70: Err}},
		{"3", "all", map[int]Std{0: All, 70: All}},
		{"both", "all", map[int]Std{1: All}},
		{"stderr", "err", map[int]Std{1: Err}},
		{"0:1,1:3", "0:out,1:all", map[int]Std{0: Out, 1: All, 2: None}},
		{"0:all,1-31:err", "0:all,1-31:err", map[int]Std{0: All, 1: Err, 31: Err, 32: None}},
		{"0,8-15:out,1:err", "0,8-15:out,1:err", map[int]Std{0: Out, 1: Err, 7: None, 8: Out, 15: Out}},
		{"12:3", "12:all", map[int]Std{1: None, 2: None, 12: All}},
		{"0:1,0:2", "0:out,0:err", map[int]Std{0: Err}},
		{"all:out,3:none", "all:out,3:none", map[int]Std{0: Out, 3: None, 4: Out}},
		{"3:err,all:out", "out", map[int]Std{0: Out, 3: Out}},
		{"%4:all", "%4:all", map[int]Std{0: All, 1: None, 4: All}},
		{"%4,1:all", "1,%4:all", map[int]Std{0: All, 1: All, 4: All, 5: None}},
		{"0:out,1:out", "0-1:out", map[int]Std{0: Out, 1: Out}},
		{"0:none", "none", map[int]Std{0: None}},
		{" 0 : all , 1 : err ", "0:all,1:err", map[int]Std{0: All, 1: Err}},
	} {
		t.Run(c.text, func(t *testing.T) {
			spec, err := ParseStreamSpec(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if spec.IsZero() || spec.String() != c.canonical {
				t.Errorf("String is %q, want %q", spec.String(), c.canonical)
			}
			for rank, std := range c.want {
				if got := spec.For(rank); got != std {
					t.Errorf("rank %d gets %v, want %v", rank, got, std)
				}
			}
		})
	}
}

func TestStreamSpecErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":           "the streams are missing",
		"4":          `"4" is no set of streams`,
		"31":         `"31" is no set of streams`,
		"ouut":       "did you mean out?",
		"0:all,1":    "the streams of \"1\" are missing: write 1:out, :err or :all\n    0:all,1\n          ^",
		"0:all,":     "an item is missing after the comma",
		"0:":         "the streams are missing",
		":all":       "a rank is missing",
		"0:all,5-2:": "runs backwards",
		"0:1:2":      `"1:2" is no set of streams`,
		"out,1:err":  `"out" stands where ranks are expected: for every other rank write all:out,...`,
		"all,1:err":  `"all" is unclear here: for streams of every other rank write all:all,...`,
		"x:err":      `"x" is no rank`,
	} {
		_, err := ParseStreamSpec(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

func TestStreamSpecZero(t *testing.T) {
	var spec StreamSpec
	if !spec.IsZero() || spec.For(0) != None || spec.String() != "" {
		t.Errorf("the zero value is %q", spec)
	}
	text, err := json.Marshal(spec)
	if err != nil || string(text) != `""` {
		t.Fatalf("%s, %v", text, err)
	}
	spec = EveryRank(All)
	if err := json.Unmarshal(text, &spec); err != nil || !spec.IsZero() {
		t.Errorf("empty text gives %q, %v", spec, err)
	}
	if none, err := ParseStreamSpec("none"); err != nil || none.IsZero() || !none.Equal(EveryRank(None)) {
		t.Errorf("none is %q, %v", none, err)
	}
}

func TestStreams(t *testing.T) {
	parse := func(s string) StreamSpec {
		var v StreamSpec
		if err := v.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		redirect, tee string
		wantR, wantT  Std // of rank 1
	}{
		{"", "", None, All},
		{"err", "", Err, Out},
		{"3", "3", None, All}, // tee is redirect and console, as torchrun has it
		{"none", "none", None, None},
		{"all", "1:out", Err, Out},
		{"", "0:all", None, None},
	} {
		spec := Spec{Redirect: parse(c.redirect), Tee: parse(c.tee)}
		if r, w := spec.Streams(1); r != c.wantR || w != c.wantT {
			t.Errorf("redirect %q tee %q: %v, %v; want %v, %v", c.redirect, c.tee, r, w, c.wantR, c.wantT)
		}
	}
}

func TestStream(t *testing.T) {
	for text, want := range map[string]Stream{"out": Stdout, "stdout": Stdout, "err": Stderr, "stderr": Stderr, "stdin": StreamStdin} {
		s, err := ParseStream(text)
		if err != nil || s != want {
			t.Errorf("%q is %v, %v", text, s, err)
		}
		if back, err := ParseStream(s.String()); err != nil || back != s {
			t.Errorf("%v does not read back: %v", s, err)
		}
	}
	if _, err := ParseStream("stdoot"); err == nil || !strings.Contains(err.Error(), "did you mean stdout?") {
		t.Errorf("got %v", err)
	}
	if !All.Has(Stdout) || !All.Has(Stderr) || All.Has(StreamStdin) || Out.Has(Stderr) || Err.Has(Stdout) || None.Has(Stdout) {
		t.Error("Std.Has is wrong")
	}
	if _, err := json.Marshal(Stream(9)); err == nil {
		t.Error("a stream that does not exist was written")
	}
}

func FuzzStreamSpec(f *testing.F) {
	for _, s := range []string{"3", "0:1,1:3", "0,8-15:out,1:err", "all:out,3:none", "%4+1,2:all", "out,1:err", "0:all,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spec, err := ParseStreamSpec(s)
		if err != nil {
			checkSyntaxError(t, s, err)
			return
		}
		back, err := ParseStreamSpec(spec.String())
		if err != nil || !back.Equal(spec) || back.String() != spec.String() {
			t.Fatalf("%q is %q, which reads as %q (%v)", s, spec, back, err)
		}
		for rank := range 40 {
			if spec.For(rank) != back.For(rank) {
				t.Fatalf("%q and %q differ for rank %d", s, spec, rank)
			}
		}
	})
}
