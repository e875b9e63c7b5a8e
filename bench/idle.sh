# What a thousand workers that do nothing cost the launcher and its agent: CPU over
# ten seconds, resident memory (summed, shared pages counted twice) and threads. Needs
# room for the workers: a thousand processes, some thousands of descriptors.
# Sourced by run.sh.
# shellcheck shell=bash

workers=${BENCH_WORKERS:-1000}
if [ "$(ulimit -u)" != unlimited ] && [ "$(ulimit -u)" -lt $((workers + 200)) ]; then
	skip "idle" "needs room for $workers processes (ulimit -u is $(ulimit -u))"
else
	eval "$FRESH"
	measure account idle -name "idle, $workers workers," -workers "$workers" -window 10s -cpu '<=0.2' -memory '<=60' -threads '<=19' -rows "$ROWS" \
		"$SLUICE" run -n "$workers" --log-dir "$LOGS" -- sh -c 'echo >"$BENCH_READY"; exec sleep 600'
fi
