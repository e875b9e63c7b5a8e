package proc

import (
	"encoding/binary"
	"errors"
)

// orders are what the stage is told. Text formats are out: arguments are bytes.
type orders struct {
	path   string
	args   []string
	env    []string
	limits []limit
	files  int // descriptors the program gets, from 0

	pdeathsig int
}

// encode writes numbers as varints and strings with their length before them.
func (o *orders) encode() []byte {
	size := 64 + len(o.path)
	for _, list := range [][]string{o.args, o.env} {
		for _, s := range list {
			size += len(s) + 4
		}
	}
	b := make([]byte, 0, size)
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	text(o.path)
	for _, list := range [][]string{o.args, o.env} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			text(s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(o.limits)))
	for _, l := range o.limits {
		b = binary.AppendUvarint(b, uint64(l.resource))
		b = binary.AppendUvarint(b, l.soft)
		b = binary.AppendUvarint(b, l.hard)
	}
	b = binary.AppendUvarint(b, uint64(o.files))
	return binary.AppendUvarint(b, uint64(o.pdeathsig))
}

var errOrders = errors.New("the stage's orders are damaged")

func decodeOrders(data []byte) (*orders, error) {
	d := decoder{data: data}
	o := &orders{path: d.text(), args: d.list(), env: d.list()}
	n := d.count(3)
	for range n {
		o.limits = append(o.limits, limit{int(d.number()), d.number(), d.number()})
	}
	o.files, o.pdeathsig = int(d.number()), int(d.number())
	if d.bad || len(d.data) > 0 || o.files < 0 || o.pdeathsig < 0 {
		return nil, errOrders
	}
	return o, nil
}

type decoder struct {
	data []byte
	bad  bool
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.data)
	if size <= 0 {
		d.bad, d.data = true, nil
		return 0
	}
	d.data = d.data[size:]
	return n
}

// count reads a number of items of at least size bytes each, and does not
// believe more than there can be.
func (d *decoder) count(size int) int {
	n := d.number()
	if n > uint64(len(d.data)/size) {
		d.bad, d.data = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.count(1)
	s := string(d.data[:n])
	d.data = d.data[n:]
	return s
}

func (d *decoder) list() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, d.text())
	}
	return list
}
