//go:build linux

package agent

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// fill gives everything in a value that others may set a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n%30 + 1)) // a signal may be meant
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n%30 + 1))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.String:
		v.SetString("<text> " + string(rune('a'+*n%26)) + "\n")
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"a": 1}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(int64(*n), 0).UTC()))
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(v.Field(i), n)
			}
		}
	}
}

// What is written at a start is what encoding/json would write, and is read the same.
func TestColdJSON(t *testing.T) {
	every, err := job.ParseRankSet("0-3,%8")
	if err != nil {
		t.Fatal(err)
	}
	for _, empty := range []any{&message{}, &Start{}, &job.Spec{}, &runs.Record{}, &job.Event{}} {
		for _, full := range []bool{false, true} {
			typ := reflect.TypeOf(empty).Elem()
			x := reflect.New(typ)
			if full {
				n := 0
				fill(x.Elem(), &n)
			}
			if s, ok := x.Interface().(*job.Spec); ok && full {
				s.Console.Show, s.Redirect = every, job.EveryRank(job.Out)
			}
			want, werr := json.Marshal(x.Interface())
			got, err := coldjson.Marshal(x.Interface())
			if err != nil || werr != nil || !bytes.Equal(got, want) {
				t.Errorf("%v:\n got %s, %v\nwant %s, %v", typ, got, err, want, werr)
				continue
			}
			a, b := reflect.New(typ), reflect.New(typ)
			if err, werr := coldjson.Unmarshal(want, a.Interface()), json.Unmarshal(want, b.Interface()); err != nil || werr != nil || !reflect.DeepEqual(a.Interface(), b.Interface()) {
				t.Errorf("%v is read as\n%+v, %v\nand not\n%+v, %v", typ, a.Elem(), err, b.Elem(), werr)
			}
		}
	}
}
