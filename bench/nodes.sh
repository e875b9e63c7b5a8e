# Many nodes: agents that meet, and meet again when one is killed, against
# torchrun's c10d rendezvous with $BENCH_C10D of them (its time grows faster than
# their number: 16 are seconds, 32 were minutes on two busy processors), and 64 and 256 of
# ours alone; what they cost when idle; what one rank's live tail costs of 256; 1,024
# agents without sockets; $BENCH_NODES real nodes on this machine; how soon one of two
# real nodes starts again when a worker of the other fails; and whether a run on one
# node is slower for it all, against $BENCH_BEFORE, an older sluice. Sourced by run.sh.
# shellcheck shell=bash

if want_torchrun "agents against c10d"; then
	measure nodes meet -name "agents against c10d" -agents "${BENCH_C10D:-16}" -rounds "$(rounds 7)" -python /usr/bin/python3 -goal '>=10' -rows "$ROWS"
fi
measure nodes meet -name "64 agents meet" -agents 64 -rounds "$(rounds 7)" -rows "$ROWS"
measure nodes meet -name "256 agents meet" -agents 256 -rounds "$(rounds 5)" -rows "$ROWS"
measure nodes idle -name "64 idle agents" -agents 64 -rows "$ROWS"
measure nodes tail -name "tail of one in 256" -agents 256 -goal '<=1.1' -rows "$ROWS"
measure nodes meet -name "1024 agents meet" -agents 1024 -rounds "$(rounds 3)" -local -rows "$ROWS"
measure nodes start -name "real nodes" -agents "${BENCH_NODES:-16}" -rounds "$(rounds 3)" -sluice "$SLUICE" -rows "$ROWS"
if want "restart over nodes" cc; then
	measure nodes restart -name "restart over nodes" -agents 2 -rounds "$(rounds 11)" -sluice "$SLUICE" -stamp "$TOOLS/stamp" -goal '<=100' -rows "$ROWS"
fi
measure nodes init -name "init" -sluice "$SLUICE" -rows "$ROWS"
if [ -n "${BENCH_BEFORE:-}" ]; then
	measure compare -name "run /bin/true, against an older sluice" -a sluice -b before -n "$(rounds 21)" -before "$FRESH" -goal '<=1.05' -rows "$ROWS" \
		"$SLUICE" run --log-dir "$LOGS" -- /bin/true :: "$BENCH_BEFORE" run --log-dir "$LOGS" -- /bin/true
else
	skip "run /bin/true, against an older sluice" 'needs BENCH_BEFORE=PROGRAM'
fi
