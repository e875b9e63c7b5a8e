package bus_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/sluicerun/sluice/bus"
)

func ExampleBus() {
	l := bus.NewLocal()
	leader, node := l.Connect("leader"), l.Connect("node3")
	defer leader.Close()
	defer node.Close()

	_, err := leader.Serve("run.7.status.*", func(m bus.Message) {
		_ = m.Answer(fmt.Appendf(nil, "%s: %s", m.Subject, m.Data)) // the node asks again
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := node.Call(context.Background(), "run.7.status.3", []byte("ready"))
	fmt.Println(string(answer), err)
	_, err = node.Call(context.Background(), "run.8.status.3", []byte("ready"))
	fmt.Println(err)
	// Output:
	// run.7.status.3: ready <nil>
	// calling run.8.status.3: nobody answers there
}

func ExampleDial() {
	l := bus.NewLocal()
	reader, node := l.Connect("reader"), l.Connect("node3")
	defer reader.Close()
	defer node.Close()

	stop, err := bus.Listen(node, "run.7.node.3", func(c net.Conn) {
		defer c.Close()
		_, _ = io.WriteString(c, "the end of the log\n")
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	c, err := bus.Dial(context.Background(), reader, "run.7.node.3")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	log, err := io.ReadAll(c)
	fmt.Print(string(log), err)
	// Output:
	// the end of the log
	// <nil>
}
