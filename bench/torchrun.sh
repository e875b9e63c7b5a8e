# sluice torchrun against torchrun: from the command to the first instruction of
# the first of eight workers, and from a rank's failure to the first instruction
# of the last of the eight that start again. Sourced by run.sh.
# shellcheck shell=bash

stamps=$WORK/stamps
# The logs stay, as they would for a user: ext4 is slow to make files right after
# some were deleted.
fresh_stamps="rm -f '$stamps' '$stamps.here'"

if want "torchrun / first instruction" cc && want_torchrun "torchrun / first instruction"; then
	measure compare -name "torchrun / first instruction" -a sluice -b torchrun -n "$(rounds 5)" -goal '>=100' \
		-before "$fresh_stamps" -stamps "$stamps" -span first -rows "$ROWS" \
		"$SLUICE" torchrun --log-dir "$LOGS" --nproc-per-node 8 --no-python "$TOOLS/stamp" "$stamps" :: \
		"${TORCHRUN[@]}" --log_dir "$LOGS" --nproc_per_node 8 --no_python "$TOOLS/stamp" "$stamps"
	measure compare -name "torchrun / restart of 8" -a sluice -b torchrun -n "$(rounds 5)" -most 50ms \
		-before "$fresh_stamps" -stamps "$stamps" -span between -rows "$ROWS" \
		"$SLUICE" torchrun --log-dir "$LOGS" --nproc-per-node 8 --max-restarts 1 --no-python "$TOOLS/stamp" "$stamps" gang 8 :: \
		"${TORCHRUN[@]}" --log_dir "$LOGS" --nproc_per_node 8 --max_restarts 1 --no_python "$TOOLS/stamp" "$stamps" gang 8
fi
