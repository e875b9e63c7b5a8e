package archtest

// storeys lists the rooms from the roof down. A package may import packages of
// its own room and of the storeys below its own; packages in folders below a
// room belong to that room.
var storeys = [][]string{
	{"cmd/sluice", "scripts/man", "scripts/pack", "bench", "examples", "internal/e2e"},
	{"internal/cli"},
	{"internal/tui", "internal/web", "internal/play", "internal/remote"},
	{"internal/agent"},
	{"internal/packed"},
	{"internal/nodes"},
	{"api", "internal/attach", "internal/dialogue"},
	{"elastic"},
	{"launch", "rendezvous", "tcpstore", "internal/record"},
	{"session"},
	{"internal/runs", "internal/torchargs", "internal/creds", "internal/scheduler"},
	{"stream", "report", "internal/proc", "internal/fdpass"},
	{"playback"},
	{"topo", "internal/pty", "cast", "keys"},
	{"vt", "job"},
	{"internal/procfs", "internal/atomicfile", "internal/nowait", "internal/early", "internal/coldjson", "internal/tempdir"},
}

// ground is what rooms that stand alone may stand on.
var ground = []string{"internal/procfs", "internal/atomicfile"}

// alone lists the rooms that are useful without the rest of the house and import
// nothing of it, whatever storey they are on. All but those for tests may be
// imported from everywhere.
var alone = []string{"redirect", "adopt", "vt", "cast", "job", "bus/natsbus/natstest", "internal/testslurm", "internal/testnet", "internal/testssh", "bus", "internal/testpeer", "internal/archtest"}

// testsOnly lists the rooms that only tests may import.
var testsOnly = []string{"bus/natsbus/natstest", "internal/testslurm", "internal/testnet", "internal/testssh", "internal/testpeer", "internal/archtest"}
