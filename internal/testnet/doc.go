// Package testnet makes several machines of one, for tests: network namespaces
// with a host name and an address each, joined by a switch that loses, delays,
// doubles and reorders on demand. The processes are real and so is their TCP;
// only the cable is this process's own, so that no test depends on a kernel
// with netem. It needs root and Linux.
//
//	n := testnet.New(t, "a", "b")
//	server := n.Host("a").Command(ctx, "server")   // listens on a, 10.66.1.1
//	client := n.Host("b").Command(ctx, "client", "a")
//	...
//	n.SetFaults("", "", testnet.Faults{Delay: 50 * time.Millisecond})
//	n.Cut("b")
//	n.Host("a").PowerOff()
//
// What a machine has for itself: its network, its host name, its /etc/hosts with
// the names of all, and nothing besides. Processes, cgroups, files (also /sys, and
// sockets in the file system) are those of the machine that runs the tests.
package testnet
