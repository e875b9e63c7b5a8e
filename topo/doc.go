// Package topo reads what a machine is made of and says which CPUs a worker
// should have.
//
//	m, err := topo.Read("/")                         sockets, NUMA nodes, caches, cores, GPUs
//	gpus, doubt := topo.VisibleGPUs(m, os.LookupEnv) as CUDA or HIP would number them
//	mask, err := topo.Allowed()                      the CPUs that this process may use
//	plan, err := topo.Plan(m, topo.Request{...})     CPUs and memory nodes for each local rank
//	err = topo.Draw(os.Stdout, m, topo.DrawOptions{})
//
// It sets nothing: a plan is for who starts the workers, for a binding has to be
// in force before the first page is touched.
//
// Everything comes from files of the kernel and of the GPUs' drivers below a
// root directory ("/" normally), so that packed trees of other machines can
// stand in for it. Containers and virtual machines hide some of these files. What
// is not there is left out of the Machine, and Machine.Missing has the reason;
// what is there and makes no sense is an error. The formats are those of Linux's
// Documentation/ABI/stable/sysfs-devices-node, sysfs-devices-system-cpu and
// Documentation/admin-guide/cputopology.rst.
package topo
