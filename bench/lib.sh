# What the benchmark scripts have in common. run.sh sources it, then the scripts
# that were asked for; each uses:
#
#   $SLUICE       the program that is measured
#   $TOOLS        our own small programs: compare, latency, account, lines, store, keystroke,
#                 roundtrip, recording, watched, nodes, floor, stamp
#   $LOGS         the log directory for every side, emptied by `fresh`
#   $ROWS         the file of result rows
#   rounds N      N, or $BENCH_ROUNDS if set
#   skip NAME WHY, want NAME PROGRAM...
# shellcheck shell=bash

# skip NAME WHY...: a row that says why there is no figure.
skip() {
	local name=$1
	shift
	printf '%s: skipped: %s\n' "$name" "$*"
	printf '%s\t\t\t\t\tskipped: %s\n' "$name" "$*" >>"$ROWS"
}

# want NAME PROGRAM...: true if all programs are there, else a skipped row.
want() {
	local name=$1 program
	shift
	for program; do
		if ! command -v "$program" >/dev/null; then
			skip "$name" "needs $program"
			return 1
		fi
	done
}

# want_torchrun NAME: the same for torchrun, which $TORCHRUN then starts.
want_torchrun() {
	if [ ! -x /usr/bin/python3 ] || ! /usr/bin/python3 -c 'import torch.distributed.run' 2>/dev/null; then
		skip "$1" "needs python3-torch"
		return 1
	fi
}

rounds() { echo "${BENCH_ROUNDS:-$1}"; }

# measure PROGRAM ARG...: one of our tools; what fails is a row, not the end.
measure() {
	local tool=$1
	shift
	if ! "$TOOLS/$tool" "$@" 2>"$WORK/stderr"; then
		cat "$WORK/stderr" >&2
		local name=$tool previous=
		for arg; do
			[ "$previous" = -name ] && name=$arg
			previous=$arg
		done
		printf '%s\t\t\t\t\tfailed: %s\n' "$name" "$(head -n 1 "$WORK/stderr" | cut -c 1-120)" >>"$ROWS"
	fi
}

# prepare builds everything into a temporary directory that goes with the script.
prepare() {
	ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	WORK=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/sluice-bench.XXXXXX")
	trap 'rm -rf "$WORK"' EXIT
	TOOLS=$WORK/tools LOGS=$WORK/logs ROWS=$WORK/rows
	mkdir -p "$TOOLS" "$LOGS"
	: >"$ROWS"
	# A word about a log file must not depend on what else this user runs.
	export XDG_STATE_HOME=$WORK/state XDG_RUNTIME_DIR=$WORK/run
	mkdir -m 700 "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR"
	(cd "$ROOT" && go build -o "$TOOLS/" ./bench/compare ./bench/latency ./bench/account ./bench/lines ./bench/store \
		./bench/keystroke ./bench/roundtrip ./bench/recording ./bench/watched ./bench/nodes)
	if [ -z "${SLUICE:-}" ]; then
		SLUICE=$ROOT/bin/sluice
		[ -x "$SLUICE" ] || (cd "$ROOT" && go build -o bin/sluice ./cmd/sluice)
	fi
	if command -v cc >/dev/null; then
		cc -O2 -Wall -o "$TOOLS/floor" "$ROOT/bench/floor.c"
		cc -O2 -Wall -o "$TOOLS/stamp" "$ROOT/bench/stamp.c"
	fi
	FRESH="rm -rf '$LOGS' && mkdir '$LOGS'"
	TORCHRUN=("/usr/bin/python3" "$ROOT/bench/torchrun113.py" --monitor_interval 0.1)
	# Without it torchrun sets it, and says so at each start.
	export OMP_NUM_THREADS=1
	MPIRUN=(mpirun --oversubscribe)
	[ "$(id -u)" -ne 0 ] || MPIRUN+=(--allow-run-as-root)
}

# table prints the rows in columns.
table() {
	awk -F '\t' '
		BEGIN { cell[0, 1] = "what"; cell[0, 2] = "sluice"; cell[0, 3] = "peer"; cell[0, 4] = "figure"; cell[0, 5] = "goal"; cell[0, 6] = "verdict" }
		{ for (i = 1; i <= 6; i++) cell[NR, i] = $i }
		END {
			for (r = 0; r <= NR; r++) for (i = 1; i < 6; i++) if (length(cell[r, i]) > width[i]) width[i] = length(cell[r, i])
			for (r = 0; r <= NR; r++) {
				line = ""
				for (i = 1; i < 6; i++) line = line sprintf("%-" width[i] "s  ", cell[r, i])
				print line cell[r, 6]
			}
		}' "$ROWS"
}
