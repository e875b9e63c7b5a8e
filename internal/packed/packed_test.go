package packed

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is something that compresses to about half.
func program(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.IntN(16))
	}
	return b
}

// pack puts program behind front.
func pack(t testing.TB, front string, program []byte) []byte {
	t.Helper()
	b := bytes.NewBufferString(front)
	if err := Append(b, bytes.NewReader(program)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack is what is found in a file.
func unpack(file []byte) ([]byte, error) {
	p, err := Find(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = p.Unpack(&out)
	return out.Bytes(), err
}

func TestRoundTrip(t *testing.T) {
	for _, size := range []int{0, 100, 300 << 10} {
		for _, front := range []string{"", "\x7fELF and so on"} {
			want := program(size)
			got, err := unpack(pack(t, front, want))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes behind %q: %d bytes, %v", size, front, len(got), err)
			}
		}
	}
}

func TestNothingPacked(t *testing.T) {
	whole := pack(t, "front", program(1000))
	for name, file := range map[string][]byte{
		"empty": nil, "small": []byte("x"), "other": program(5000), "cut": whole[:len(whole)-1], "cut more": whole[:len(whole)/2],
	} {
		if _, err := unpack(file); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No byte behind the front can be changed, or go missing, unnoticed.
func TestDamage(t *testing.T) {
	const front = "front"
	whole := pack(t, front, program(200))
	for at := len(front); at < len(whole); at++ {
		for _, with := range []byte{0x40} {
			file := bytes.Clone(whole)
			file[at] ^= with
			_, err := unpack(file)
			if inMagic := at >= len(whole)-len(magic); inMagic != errors.Is(err, ErrNone) || inMagic == errors.Is(err, ErrDamaged) {
				t.Errorf("byte %d of %d changed: %v", at, len(whole), err)
			}
		}
	}
	for cut := len(front); cut < len(whole)-trailerSize; cut += 7 {
		if _, err := unpack(append(bytes.Clone(whole[:cut]), whole[len(whole)-trailerSize:]...)); !errors.Is(err, ErrDamaged) {
			t.Errorf("without the bytes from %d on: %v", cut, err)
		}
	}
}

// A trailer whose sums are right may still ask for too much.
func TestTrailerLies(t *testing.T) {
	whole := pack(t, "", program(1000))
	good, err := parseTrailer(whole, int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*trailer){
		"shorter program": func(t *trailer) { t.program-- },
		"longer program":  func(t *trailer) { t.program++ },
		"huge program":    func(t *trailer) { t.program = maxProgram + 1 },
		"negative":        func(t *trailer) { t.program = -1 },
		"shorter frame":   func(t *trailer) { t.frame-- },
		"longer frame":    func(t *trailer) { t.frame++ },
		"negative frame":  func(t *trailer) { t.frame = -1 },
		"no frame":        func(t *trailer) { t.frame = 0 },
	} {
		bad := good
		change(&bad)
		if _, err := unpack(append(bytes.Clone(whole[:len(whole)-trailerSize]), bad.encode()...)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What fails besides is not taken for damage.
func TestUnpackFails(t *testing.T) {
	whole := pack(t, "", program(300<<10))
	p, err := Find(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	if err := p.Unpack(failing{full}); !errors.Is(err, full) || errors.Is(err, ErrDamaged) {
		t.Errorf("a writer that fails: %v", err)
	}
	broken := errors.New("input/output error")
	p.file = failing{broken}
	if err := p.Unpack(io.Discard); !errors.Is(err, broken) || errors.Is(err, ErrDamaged) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error)         { return 0, f.err }
func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// Whatever the end of a file says, looking at it neither panics nor takes what is
// not there; and what says that it is right, is.
func FuzzTrailer(f *testing.F) {
	whole := pack(f, "front", program(100))
	f.Add(whole)
	f.Add(whole[5:])
	f.Add(whole[len(whole)-trailerSize:])
	f.Add([]byte(magic))
	f.Add([]byte(strings.Repeat("\xff", trailerSize-len(magic)) + magic))
	f.Add(append(trailer{frame: 1 << 40, program: 1}.encode(), trailer{frame: trailerSize, program: 1 << 29}.encode()...))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := Find(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			if !errors.Is(err, ErrNone) && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if p.at < 0 || p.at+p.frame+trailerSize != int64(len(file)) || !bytes.HasSuffix(file, p.encode()) {
			t.Fatalf("%+v in a file of %d bytes", p.trailer, len(file))
		}
		var out bytes.Buffer
		if err := p.Unpack(&out); err == nil && int64(out.Len()) != p.program {
			t.Fatalf("%d bytes of %d", out.Len(), p.program)
		} else if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}
