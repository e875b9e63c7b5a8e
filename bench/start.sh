# How long it takes to start eight processes that do nothing and to be done with
# them. The floor is a C loop of posix_spawn and wait. The logs stay, as they would
# for a user: ext4 is slow to make files right after some were deleted. Sourced
# by run.sh.
# shellcheck shell=bash

ours=("$SLUICE" run -n 8 --log-dir "$LOGS" -- /bin/true)

if want "start / floor" cc; then
	measure compare -name "start / floor" -a sluice -b floor -n "$(rounds 41)" -warmup 3 -goal '<=2' -rows "$ROWS" \
		"${ours[@]}" :: "$TOOLS/floor" 8 /bin/true
fi
if want "mpirun / start" mpirun; then
	measure compare -name "mpirun / start" -a sluice -b mpirun -n "$(rounds 11)" -goal '>=5' -rows "$ROWS" \
		"${ours[@]}" :: "${MPIRUN[@]}" -np 8 /bin/true
fi
if want "parallel / start" parallel; then
	measure compare -name "parallel / start" -a sluice -b parallel -n "$(rounds 11)" -goal '>=10' -rows "$ROWS" \
		"${ours[@]}" :: parallel -j8 -n0 /bin/true ::: 1 2 3 4 5 6 7 8
fi
if want_torchrun "torchrun / start"; then
	measure compare -name "torchrun / start" -a sluice -b torchrun -n "$(rounds 5)" -goal '>=100' -rows "$ROWS" \
		"${ours[@]}" :: "${TORCHRUN[@]}" --nproc_per_node 8 --no_python /bin/true
fi
