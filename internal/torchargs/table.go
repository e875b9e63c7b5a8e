package torchargs

// group is a heading of the help page.
type group uint8

const (
	groupSize group = iota
	groupWorker
	groupLogs
	groupStop
	groupRdzv
	groupStatic
	groupOurs
)

func groupTitles() []string {
	return []string{
		"How many", "What runs", "Logs and console", "Failure and stopping",
		"Rendezvous", "Static rendezvous", "Beyond torchrun",
	}
}

const defaultSignals = "SIGTERM,SIGINT,SIGHUP,SIGQUIT"

func numaModes() []string    { return []string{"node", "socket", "exclusive", "core-complex"} }
func startMethods() []string { return []string{"spawn", "fork", "forkserver"} }

// options is the table of everything torchrun understands, then of what stands
// beside it as part of the same language.
func options() []option {
	return []option{
		{name: "help", short: 'h', kind: help, group: groupSize, help: "show this page"},

		{name: "nnodes", kind: text, def: "1:1", group: groupSize, meta: "N|MIN:MAX",
			help: "number of machines, or the least and the most"},
		{name: "nproc-per-node", kind: text, def: "1", group: groupSize, meta: "N|auto|cpu|gpu",
			help: "workers on this machine: a number, its GPUs, its CPUs, or the first of these there is"},

		{name: "role", kind: text, def: "default", group: groupWorker, meta: "NAME",
			help: "role of the workers, for prefixes and ROLE_NAME"},
		{name: "module", short: 'm', kind: onOff, group: groupWorker,
			help: "SCRIPT is a module, run as python -m does"},
		{name: "no-python", kind: onOff, group: groupWorker,
			help: "SCRIPT is a program, run without an interpreter"},
		{name: "run-path", kind: onOff, group: groupWorker,
			help: "run SCRIPT with the interpreter, whatever --no-python says"},
		{name: "start-method", kind: text, def: "spawn", choices: startMethods(), group: groupWorker, meta: "HOW",
			help: "spawn, fork or forkserver; accepted, but workers are always started afresh"},
		{name: "numa-binding", kind: text, noVar: true, choices: numaModes(), group: groupWorker, meta: "MODE",
			help: "bind each worker to the CPUs near its GPU: node, socket, exclusive, core-complex"},
		{name: "virtual-local-rank", kind: onOff, group: groupWorker,
			help: "LOCAL_RANK is 0 for every worker, which sees its own GPU alone"},

		{name: "log-dir", kind: text, group: groupLogs, meta: "DIR",
			help: "directory that receives the run's own; /dev/null keeps no files"},
		{name: "redirects", short: 'r', kind: text, def: "0", group: groupLogs, meta: "STD",
			help: "streams that go to their file only: 0 none, 1 stdout, 2 stderr, 3 both, or 0:1,1:3 by local rank"},
		{name: "tee", short: 't', kind: text, def: "0", group: groupLogs, meta: "STD",
			help: "streams that go to their file and the console"},
		{name: "local-ranks-filter", kind: text, group: groupLogs, meta: "0,1,...",
			help: "local ranks that reach the console (default all)"},
		{name: "duplicate-stdout-filters", kind: text, group: groupLogs, meta: "TEXT,...",
			help: "lines of tee'd stdout with one of the texts also go to one file of all ranks; ,, is a comma"},
		{name: "duplicate-stderr-filters", kind: text, group: groupLogs, meta: "TEXT,...",
			help: "the same for stderr"},
		{name: "logs-specs", kind: text, noVar: true, group: groupLogs, meta: "NAME",
			help: "default; other names are Python plug-ins, which cannot be loaded"},
		{name: "event-log-handler", kind: text, def: "null", group: groupLogs, meta: "NAME",
			help: "where events go: null, console or dynamic_rendezvous"},

		{name: "max-restarts", kind: integer, def: "0", group: groupStop, meta: "N",
			help: "restarts of the workers before the run fails"},
		{name: "monitor-interval", kind: number, def: "0.1", group: groupStop, meta: "SECONDS",
			help: "accepted; workers are waited for, not asked in intervals"},
		{name: "signals-to-handle", kind: text, def: defaultSignals, group: groupStop, meta: "SIG,...",
			help: "signals that end the run, and that workers are then sent"},
		{name: "shutdown-timeout", kind: integer, def: "30", fallback: "TORCH_ELASTIC_SHUTDOWN_TIMEOUT", group: groupStop, meta: "SECONDS",
			help: "time from that signal to SIGKILL"},

		{name: "rdzv-backend", kind: text, def: "static", group: groupRdzv, meta: "NAME",
			help: "how machines find each other: static, where all know their ranks, or c10d, where they come and go (sluice's own, over NATS; Python's torchrun cannot take part)"},
		{name: "rdzv-endpoint", kind: text, group: groupRdzv, meta: "HOST[:PORT]",
			help: "where they meet: one of the machines, which serves it, named alike on all (port 29400 for c10d)"},
		{name: "rdzv-id", kind: text, def: "none", group: groupRdzv, meta: "ID",
			help: "name of the run, the same on every machine"},
		{name: "rdzv-conf", kind: text, group: groupRdzv, meta: "K=V,...",
			help: "join_timeout, keep_alive_interval, keep_alive_max_attempt; for c10d also last_call_timeout, close_timeout (seconds) and is_host"},
		{name: "standalone", kind: onOff, group: groupRdzv,
			help: "one machine, on a port of its own; overrides the backend, endpoint and id"},
		{name: "local-addr", kind: text, group: groupRdzv, meta: "ADDR",
			help: "address by which others reach this machine (default: its host name, with c10d the address that leads to the endpoint)"},

		{name: "node-rank", kind: integer, def: "0", group: groupStatic, meta: "N",
			help: "rank of this machine; with c10d only to choose it"},
		{name: "master-addr", kind: text, def: "127.0.0.1", group: groupStatic, meta: "ADDR",
			help: "address of the machine with rank 0; IPv6 in brackets"},
		{name: "master-port", kind: integer, group: groupStatic, meta: "PORT",
			help: "port on it (default 29500); without one, a single machine is standalone"},

		{name: "log-line-prefix-template", kind: text, ours: true, fallback: "TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE", group: groupOurs, meta: "TEXT",
			help: "text before each line, with ${role_name}, ${rank} and ${local_rank}"},
		{name: "ranks-filter", kind: text, ours: true, group: groupOurs, meta: "RANKS",
			help: "global ranks that reach the console, such as 0,8-15 or %8"},
		{name: "forward-signals", kind: text, ours: true, group: groupOurs, meta: "SIG,...",
			help: "signals that are passed on to the workers while the run carries on"},
		{name: "exit-barrier-timeout", kind: number, def: "300", ours: true, fallback: "TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT", group: groupOurs, meta: "SECONDS",
			help: "how long a machine that is done waits for the others"},
	}
}
