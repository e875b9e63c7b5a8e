# How long a worker's line takes from its write to the reader of the console. Two
# workers write a line with the time in it every 5 ms; the console is a pipe. The row
# "bare pipe" is the same without a launcher: the harness and the kernel alone.
# Sourced by run.sh.
# shellcheck shell=bash

worker=("$TOOLS/latency" worker -n 600 -every 5ms)
ours=("$SLUICE" run -n 2 --log-dir "$LOGS" --tee all --prefix '[{rank}] ' -- "${worker[@]}")

measure latency measure -name "latency (peer: bare pipe)" -a sluice -b "bare pipe" -rounds "$(rounds 5)" -p50 '<=200' -p99 '<=2000' -before "$FRESH" -rows "$ROWS" \
	"${ours[@]}" :: "${worker[@]}"
if want_torchrun "latency (peer: torchrun)"; then
	measure latency measure -name "latency (peer: torchrun)" -a sluice -b torchrun -rounds "$(rounds 3)" -p50 '<=200' -p99 '<=2000' -before "$FRESH" -rows "$ROWS" \
		"${ours[@]}" :: "${TORCHRUN[@]}" --nproc_per_node 2 --no_python --log_dir "$LOGS" -t 1 "${worker[@]}"
fi
