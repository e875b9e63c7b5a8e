# What redirected output costs the launcher: its CPU time while two workers write
# 500 MB each to their log files. The goal is none; up to 1 ms per GB is taken for
# none. Beside it the same tee'd, with a console on /dev/null. Sourced by run.sh.
# shellcheck shell=bash

each=${BENCH_BYTES:-500000000}
worker=(sh -c 'exec "$0" '"$each"' "$BENCH_READY" "$BENCH_GO"' "$TOOLS/lines")
eval "$FRESH"
measure account transfer -name "redirect, launcher's CPU" -a "sluice --redirect all" -b "sluice --tee all" -workers 2 -bytes "$((2 * each))" -cpu '<=1' -rows "$ROWS" \
	"$SLUICE" run -n 2 --log-dir "$LOGS" --redirect all -- "${worker[@]}" :: \
	"$SLUICE" run -n 2 --log-dir "$LOGS" --tee all -- "${worker[@]}"
