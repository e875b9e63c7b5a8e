#!/usr/bin/env bash
# Measures sluice against its peers and floors on this machine, both sides of each
# comparison in turn (A B A B ...), and prints one table at the end.
#
#   bench/run.sh [start] [torchrun] [store] [throughput] [latency] [idle] [redirect]
#                [terminal] [recording] [watch] [nodes]     (default: all)
#
# A ratio counts as the goal says: "<=2" is sluice's time over the other's, ">=5" the
# other's over sluice's; in parentheses the quartiles over the pairs. A row whose
# peer is not installed is skipped and says what it needs.
#
#   SLUICE=PATH       measure this program (default: bin/sluice, built if missing)
#   BENCH_DIR=DIR     logs and tools go below it, for every side (default: the
#                     temporary directory; /dev/shm for memory instead of a disk)
#   BENCH_ROUNDS=N    so many rounds instead of each script's own number
#   BENCH_BEFORE=PATH an older sluice, for nodes
#   BENCH_STRICT=1    exit with 1 if a goal was missed
#
# Needs: go, bash, a C compiler for floor.c. Peers: openmpi-bin, parallel,
# python3-torch, tmux, asciinema, bsdutils, strace (Debian).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all=(start torchrun store throughput latency idle redirect terminal recording watch nodes)
for name; do
	case " ${all[*]} " in
	*" $name "*) ;;
	*)
		echo "run.sh: $name: want one of ${all[*]}" >&2
		exit 2
		;;
	esac
done
[ $# -gt 0 ] || set -- "${all[@]}"

prepare
echo "logs of every side: $(stat -f -c %T "$LOGS") ($LOGS), $(getconf _NPROCESSORS_ONLN) CPUs, load $(cut -d ' ' -f 1 /proc/loadavg)"
for name; do
	echo
	echo "== $name"
	source "$ROOT/bench/$name.sh"
done
echo
table
failed=$(cut -f 6 "$ROWS" | grep -c '^failed' || true)
missed=$(cut -f 6 "$ROWS" | grep -c '^missed' || true)
[ "$failed" -eq 0 ] || exit 1
[ "${BENCH_STRICT:-}" != 1 ] || [ "$missed" -eq 0 ]
