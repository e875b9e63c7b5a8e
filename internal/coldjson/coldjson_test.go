package coldjson

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type word string

func (w word) MarshalText() ([]byte, error) { return []byte("<" + string(w) + ">"), nil }

func (w *word) UnmarshalText(b []byte) error {
	*w = word(strings.Trim(string(b), "<>"))
	return nil
}

// hidden has nothing that others may see.
type hidden struct{ n int }

func (h hidden) MarshalJSON() ([]byte, error) { return json.Marshal([]int{h.n, -h.n}) }

func (h *hidden) UnmarshalJSON(b []byte) error {
	var n []int
	if err := json.Unmarshal(b, &n); err != nil || len(n) == 0 {
		return err
	}
	h.n = n[0]
	return nil
}

func (h hidden) IsZero() bool { return h.n == 7 }

// byPointer is written by its pointer's method, where it has one.
type byPointer struct{ N int }

func (p *byPointer) MarshalJSON() ([]byte, error) {
	return []byte(` { "n" : "<` + "\u2028" + `" } `), nil
}

type inner struct {
	A int    `json:"a"`
	B string `json:"b,omitempty"`
}

// zeroThree is zero when others are not.
type zeroThree struct{ N int }

func (z *zeroThree) IsZero() bool { return z.N == 3 }

type embeds struct {
	inner
	C int
}

// Inner is seen as itself, too.
type Inner struct{ D int }

// These embed in all the ways there are.
type (
	deep struct {
		embeds
		Inner
		E int `json:"e,omitempty"`
	}
	hides struct {
		Inner
		D int
	}
	twins struct {
		Inner
		hides
	}
	pointed struct{ *Inner }
	called  struct {
		Inner `json:"inner"`
	}
	left struct {
		inner `json:"-"`
		F     int
	}
	speaks struct {
		speaker
		G int
	}
	speaker struct{ word }
)

// odd has fields that are left to encoding/json.
type odd struct {
	Quoted  int `json:"quoted,string"`
	Strange int `json:"a b,omitempty"`
	Foreign int `json:"ü,omitempty"`
}

type all struct {
	Bool     bool            `json:"bool"`
	Int      int64           `json:"int,omitempty"`
	Small    int8            `json:"small"`
	Uint     uint16          `json:"uint,omitempty"`
	Float    float64         `json:"float"`
	String   string          `json:"string"`
	Bytes    []byte          `json:"bytes,omitempty"`
	Raw      json.RawMessage `json:"raw,omitempty"`
	Words    []word          `json:"words"`
	Inner    inner           `json:"inner"`
	Inners   []inner         `json:"inners,omitempty"`
	Nested   [][]string      `json:"nested,omitempty"`
	Array    [2]int          `json:"array"`
	Pointer  *inner          `json:"pointer,omitempty"`
	Twice    **int           `json:"twice"`
	Map      map[string]int  `json:"map,omitempty"`
	Hidden   hidden          `json:"hidden,omitzero"`
	HiddenP  *hidden         `json:"hidden_p,omitzero"`
	Any      any             `json:"any"`
	Time     time.Time       `json:"time,omitzero"`
	ByP      byPointer       `json:"by_p"`
	Embeds   embeds          `json:"embeds"`
	Deep     deep            `json:"deep"`
	Hides    hides           `json:"hides"`
	Twins    twins           `json:"twins"`
	Pointed  pointed         `json:"pointed"`
	Called   called          `json:"called"`
	Left     left            `json:"left"`
	Special  speaks          `json:"special"`
	Odd      odd             `json:"odd"`
	Three    zeroThree       `json:"three,omitzero"`
	Zero     int             `json:"zero,omitzero"`
	Empty    inner           `json:"empty,omitempty"`
	NoTag    int
	Skipped  int `json:"-"`
	Dash     int `json:"da-sh"`
	unseen   int
	Duration time.Duration `json:"duration,omitempty"`
}

func values() []all {
	n := 5
	p := &n
	return []all{
		{},
		{Bool: true, Int: math.MinInt64, Small: -128, Uint: 65535, Float: 1e21, String: "a <b> & \"c\"\\ \u2028 \xff ü\n", Bytes: []byte("xyz"),
			Raw: json.RawMessage(` {"x": [1, "<"] } `), Words: []word{"a", ""}, Inner: inner{1, "b"}, Inners: []inner{{2, ""}, {0, "c"}},
			Nested: [][]string{nil, {}, {"d", "e"}}, Array: [2]int{1, 2}, Pointer: &inner{3, "f"}, Twice: &p, Map: map[string]int{"z": 1, "a": 2},
			Hidden: hidden{8}, HiddenP: &hidden{9}, Any: map[string]any{"k": []any{1.5, nil, "v"}}, Time: time.Unix(1e9, 1).UTC(),
			ByP: byPointer{4}, Embeds: embeds{inner{5, "g"}, 6},
			Deep: deep{embeds{inner{13, "h"}, 14}, Inner{15}, 16}, Hides: hides{Inner{17}, 18}, Twins: twins{Inner{19}, hides{Inner{20}, 21}},
			Pointed: pointed{&Inner{22}}, Called: called{Inner{23}}, Left: left{inner{24, "l"}, 25}, Special: speaks{speaker{"m"}, 26}, Odd: odd{7, 11, 12}, Three: zeroThree{4}, Zero: 1, NoTag: 8, Skipped: 9, Dash: 10, unseen: 12, Duration: time.Second},
		{Words: []word{}, Three: zeroThree{3}, Hidden: hidden{7}, HiddenP: &hidden{7}, Any: inner{1, "x"}, String: "plain ~"},
	}
}

func TestMarshal(t *testing.T) {
	for _, v := range values() {
		for _, x := range []any{v, &v, []all{v}, &[]all{v}, v.Inner, v.Embeds, v.Hidden, v.HiddenP, v.Any, v.ByP, &v.ByP, v.String, v.Words, nil, (*all)(nil)} {
			want, werr := json.Marshal(x)
			got, err := Marshal(x)
			if string(got) != string(want) || (err == nil) != (werr == nil) {
				t.Errorf("%T:\n got %s, %v\nwant %s, %v", x, got, err, want, werr)
			}
		}
	}
	for _, x := range []any{math.NaN(), make(chan int), []any{func() {}}, struct{ F failing }{}, all{Raw: json.RawMessage("{")}} {
		_, werr := json.Marshal(x)
		if _, err := Marshal(x); err == nil || werr == nil {
			t.Errorf("%T: %v, %v", x, err, werr)
		}
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

func TestUnmarshal(t *testing.T) {
	var texts []string
	for _, v := range values() {
		b, err := json.MarshalIndent(v, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	for _, s := range append(texts, seeds...) {
		same(t, s)
	}
	if err := Unmarshal([]byte("{}"), nil); err == nil {
		t.Error("nowhere to put it, and no error")
	}
	if err := Unmarshal([]byte("{}"), all{}); err == nil {
		t.Error("no pointer, and no error")
	}
}

// seeds are what a person might think of.
var seeds = []string{
	``, ` `, `null`, `{`, `{}x`, `[]`, `"x"`, ` { } `, `{"bool":true,"bool":false}`, `{"BOOL":true}`, `{"Bool":true,"bool":false,"bOOl":true}`,
	`{"int":1.0}`, `{"int":1e3}`, `{"small":300}`, `{"uint":-1}`, `{"string":5}`, `{"string":null}`, `{"string":"\u00fc\ud83d\ude00"}`,
	`{"in\u0074":5}`, `{"unknown":{"a":[1,{"b":"}"}]},"int":2}`, `{"inner":{"a":1},"inner":{"b":"x"}}`, `{"inner":null}`, `{"inner":[]}`,
	`{"inners":[{"a":1,"b":"x"},{"a":2}],"inners":[{"b":"y"}]}`, `{"inners":[]}`, `{"inners":{}}`, `{"words":["<a>",null,"b"]}`, `{"words":null}`,
	`{"pointer":{"a":1},"pointer":{"b":"z"}}`, `{"pointer":null}`, `{"twice":6}`, `{"twice":null}`, `{"map":{"a":1}}`, `{"map":{"a":"x"}}`,
	`{"hidden":[4]}`, `{"hidden":null}`, `{"hidden":"x"}`, `{"hidden_p":[3]}`, `{"any":[1,"x"]}`, `{"raw": [1, 2 ] }`, `{"bytes":"AAEC"}`, `{"bytes":"%"}`, `{"bytes":[1]}`,
	`{"time":"2026-01-02T03:04:05Z"}`, `{"time":"x"}`, `{"embeds":{"a":1,"C":2}}`, `{"deep":{"a":1,"B":"x","C":2,"D":3,"e":4}}`, `{"hides":{"D":1}}`, `{"twins":{"D":1}}`, `{"pointed":{"D":1}}`, `{"called":{"inner":{"D":2},"D":1}}`, `{"left":{"a":1,"F":2}}`, `{"special":"<n>"}`, `{"odd":{"quoted":"5"}}`, `{"odd":{"quoted":5}}`, `{"da-sh":5}`, `{"odd":{"a b":6,"quoted":"7","none":8}}`,
	`{"array":[1,2,3]}`, `{"array":[1]}`, `{"nested":[["a\""],[],null]}`, `{"NoTag":1}`, `{"unseen":1}`, `{"Skipped":1}`, `{"duration":5}`, "{\"int\"\n:\t7 ,\r\"small\":8}", `{"":1}`, `{"three":{"N":3},"ZERO":1,"empty":{"a":1}}`, `{"odd":{"ü":1}}`, `{"inners":[{"a":"x"}]}`, `[[1]]`, `{"string":"` + "\x7f\xff" + `"}`,
}

// same compares with encoding/json, into a value that is empty and one that is not.
func same(t *testing.T, s string) {
	t.Helper()
	for _, pre := range []func() all{
		func() all { return all{} },
		func() all { return values()[1] },
	} {
		want, got := pre(), pre()
		werr, err := json.Unmarshal([]byte(s), &want), Unmarshal([]byte(s), &got)
		if (err == nil) != (werr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v, %v\nwant %+v, %v", s, got, err, want, werr)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { same(t, s) })
}

// FuzzMarshal goes there and back with whatever can be read.
func FuzzMarshal(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var v all
		if json.Unmarshal([]byte(s), &v) != nil {
			return
		}
		want, werr := json.Marshal(v)
		got, err := Marshal(v)
		if string(got) != string(want) || (err == nil) != (werr == nil) {
			t.Errorf("%+v:\n got %s, %v\nwant %s, %v", v, got, err, want, werr)
		}
	})
}
