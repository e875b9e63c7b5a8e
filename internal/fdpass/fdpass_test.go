package fdpass

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFilesTravel(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	oob, err := Pack([]*os.File{w})
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Sendmsg(pair[0], []byte("x"), oob, nil, 0); err != nil {
		t.Fatal(err)
	}
	w.Close() // the copy under way keeps the pipe open

	buf := make([]byte, unix.CmsgSpace(4*Max))
	_, n, _, _, err := unix.Recvmsg(pair[1], make([]byte, 8), buf, 0)
	if err != nil {
		t.Fatal(err)
	}
	files := Unpack(buf[:n])
	if len(files) != 1 {
		t.Fatalf("%d files arrived", len(files))
	}
	fd, err := Descriptor(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("children inherit it: flags %x, %v", flags, err)
	}
	if _, err := files[0].WriteString("through"); err != nil {
		t.Fatal(err)
	}
	files[0].Close()
	got := make([]byte, 16)
	if n, _ := r.Read(got); string(got[:n]) != "through" {
		t.Errorf("read %q", got[:n])
	}
}

// Whatever the kernel or a hostile peer hands us, nothing panics.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 15))
	f.Add(make([]byte, unix.CmsgSpace(0)))
	f.Fuzz(func(t *testing.T, oob []byte) {
		// A header that says SCM_RIGHTS would name descriptors of ours.
		msgs, err := unix.ParseSocketControlMessage(oob)
		for _, m := range msgs {
			if err == nil && m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_RIGHTS && len(m.Data) > 0 {
				return // descriptors of this process
			}
		}
		if files := Unpack(oob); len(files) != 0 {
			t.Errorf("%d files from %x", len(files), oob)
		}
	})
}
