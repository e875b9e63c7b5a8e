# Two workers write 100 MB of 80-byte lines each, 4096 bytes at a time as C's stdio
# does (BENCH_WRITE=BYTES for another size). sluice puts them into files and,
# with prefixes, on a console that is a pipe. The floor is the two writers with a file
# each and then one cat of both. mpirun and parallel write no files here, which is
# less work than ours. Sourced by run.sh.
# shellcheck shell=bash

size=${BENCH_BYTES:-100000000}
lines="'$TOOLS/lines' -write ${BENCH_WRITE:-4096} $size"
# piped COMMAND: its console is a pipe, and its status counts.
piped() { printf 'set -o pipefail; %s | cat >/dev/null' "$1"; }
ours=(bash -c "$(piped "'$SLUICE' run -n 2 --log-dir '$LOGS' --tee all --prefix '[{rank}] ' -- $lines")")
writers="$lines >'$LOGS/a' & $lines >'$LOGS/b' & wait;"

for floor in "cat:cat '$LOGS/a' '$LOGS/b' >/dev/null" "cat in a pipe:cat '$LOGS/a' '$LOGS/b' | cat >/dev/null"; do
	measure compare -name "throughput / writers + ${floor%%:*}" -a sluice -b "writers + ${floor%%:*}" -n "$(rounds 9)" -goal '<=1.7' -before "$FRESH" -rows "$ROWS" \
		"${ours[@]}" :: bash -c "$writers ${floor#*:}"
done
if want "mpirun / throughput" mpirun; then
	measure compare -name "mpirun / throughput" -a sluice -b "mpirun --tag-output" -n "$(rounds 3)" -warmup 0 -goal '>=5' -before "$FRESH" -rows "$ROWS" \
		"${ours[@]}" :: bash -c "$(piped "${MPIRUN[*]} --tag-output -np 2 $lines")"
fi
if want "parallel / throughput" parallel; then
	measure compare -name "parallel / throughput" -a sluice -b "parallel --tag --line-buffer" -n "$(rounds 5)" -warmup 0 -goal '>=2' -before "$FRESH" -rows "$ROWS" \
		"${ours[@]}" :: bash -c "$(piped "parallel -j2 -n0 --tag --line-buffer $lines ::: 1 2")"
fi
if want_torchrun "torchrun / throughput"; then
	measure compare -name "torchrun / throughput" -a sluice -b "torchrun -t 1" -n "$(rounds 3)" -warmup 0 -goal '>=10' -before "$FRESH" -rows "$ROWS" \
		"${ours[@]}" :: bash -c "$(piped "${TORCHRUN[*]} --nproc_per_node 2 --no_python --log_dir '$LOGS' -t 1 $lines")"
fi
