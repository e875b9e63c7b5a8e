#!/usr/bin/env bash
# Runs the same small workers under sluice and under the peers that are installed,
# and prints one Markdown table of what each made of them (docs/comparison.md). It
# measures behaviour, not speed: for that see run.sh.
#
#   bench/bakeoff.sh [sluice] [mpirun] [parallel] [torchrun]      (default: what is there)
#
#   SLUICE=PATH    this program (default: bin/sluice, built if missing)
#
# Two workers each; the launcher's console is a pipe. Every process carries a mark in
# its environment, by which those that outlive a launcher are found and ended.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
prepare

MARK=bakeoff-$$-$RANDOM
export BAKEOFF=$MARK
unset RANK OMPI_COMM_WORLD_RANK PARALLEL_SEQ 2>/dev/null

# launch PEER WORKER: starts two of $WORK/WORKER.
launch() {
	local peer=$1 worker=$WORK/$2
	case $peer in
	sluice) exec "$SLUICE" run -q -n 2 --grace 1s -- "$worker" ;;
	mpirun) exec "${MPIRUN[@]}" --tag-output -np 2 "$worker" ;;
	parallel) exec parallel -j2 -n0 --tagstring '{#}' --line-buffer "$worker" ::: 0 1 ;;
	torchrun) exec "${TORCHRUN[@]}" --nproc_per_node 2 --no_python --log_dir "$WORK/torch" -t 3 "$worker" ;;
	esac
}

worker() {
	{
		echo '#!/bin/sh'
		echo 'rank=${RANK:-${OMPI_COMM_WORLD_RANK:-$((PARALLEL_SEQ - 1))}}'
		cat
	} >"$WORK/$1"
	chmod +x "$WORK/$1"
}
worker noeol <<<'printf "the end"'
worker binary <<<'printf "\000\377\376|\n"'
worker halves <<<'for i in 1 2 3 4 5; do printf "first half, "; sleep 0.0$((rank + 3)); echo "second half"; done'
worker long <<<'for i in 1 2 3; do head -c 1000000 /dev/zero | tr "\0" $rank; echo; done'
worker flood <<<'head -c 10000000 /dev/zero | tr "\0" "\n"; touch '"$WORK"'/done.$rank'
worker holder <<<'[ $rank = 1 ] || sleep 6 & echo started'
worker progress <<<'printf "\rstep 1"; sleep 3; printf "\rstep 2\n"'
worker codes <<<'[ $rank = 0 ] && { sleep 0.5; exit 5; }; exit 3'
worker segv <<<'[ $rank = 1 ] && kill -SEGV $$; sleep 1'
worker chatty <<<'while :; do echo line; sleep 0.1; done'
worker silent <<<'exec sleep 60'

# marked: pids of this bake-off's workers that are still there.
marked() {
	local p
	for p in $(grep -lazs "BAKEOFF=$MARK" /proc/[0-9]*/environ | grep -o '[0-9]*'); do
		[ "$p" != $$ ] && { tr '\0' ' ' <"/proc/$p/cmdline"; } 2>/dev/null | grep -Eq "^(/bin/sh )?$WORK/|^sleep (6|60) |^head |^tr " && echo "$p"
	done
}
sweep() { marked | xargs -r kill -9 2>/dev/null; }
trap 'sweep; rm -rf "$WORK"' EXIT

now() { date +%s%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", (b - a) / 1e9 }'; }
yes_no() { if "$@"; then echo yes; else echo "**no**"; fi; }

# peak PID: what the launcher's own processes took at most, in MB.
peak() {
	local sum=0 p exe
	exe=$(readlink "/proc/$1/exe")
	for p in "$1" $(pgrep -P "$1"); do
		[ "$(readlink "/proc/$p/exe")" = "$exe" ] && sum=$((sum + $(awk '/VmHWM/ { print $2 }' "/proc/$p/status")))
	done
	echo "$((sum / 1024)) MB"
}

t_noeol() {
	launch "$1" noeol 2>/dev/null | grep -c 'the end' | sed 's/^[12]$/kept/; s/^0$/**lost**/'
}
t_binary() {
	launch "$1" binary 2>/dev/null | LC_ALL=C grep -aPc '\x00\xff\xfe\|$' | awk '{ print $1 == 2 ? "yes" : "**no**" }'
}
t_halves() { launch "$1" halves 2>/dev/null | grep -c 'first half, second half$'; }
t_long() { # a tag before the line is no fault; anything inside it is
	launch "$1" long 2>/dev/null | awk '{ n = length($0); d = substr($0, n, 1); body = substr($0, n - 999999); gsub(d, "", body); ok += n >= 1000000 && body == "" && d ~ /[01]/ } END { print ok + 0 }'
}
t_stuck() {
	rm -f "$WORK"/done.* "$WORK/fifo"
	mkfifo "$WORK/fifo"
	exec 9<>"$WORK/fifo"
	launch "$1" flood >"$WORK/fifo" 2>/dev/null 9>&- &
	local pid=$! i
	for i in $(seq 100); do
		[ -e "$WORK/done.0" ] && [ -e "$WORK/done.1" ] && break
		sleep 0.1
	done
	printf '%s, %s\n' "$(yes_no test -e "$WORK/done.0" -a -e "$WORK/done.1")" "$(peak $pid)"
	kill -9 $pid
	wait $pid 2>/dev/null
	exec 9>&-
	sweep
}
t_holder() {
	local t0
	t0=$(now)
	(launch "$1" holder >/dev/null 2>&1)
	local took left
	took=$(since "$t0")
	left=$(marked | wc -l)
	echo "$took, $([ "$left" -eq 0 ] && echo "nothing left" || echo "$left left behind")"
	sweep
}
t_progress() {
	local t0
	t0=$(now)
	launch "$1" progress 2>/dev/null | { head -c 8 >/dev/null; since "$t0"; cat >/dev/null; }
}
status_of() {
	(launch "$1" "$2" >/dev/null 2>&1)
	echo $?
}
t_codes() { status_of "$1" codes; }
t_segv() { status_of "$1" segv; }
killed() {
	launch "$1" "$2" >/dev/null 2>&1 &
	local pid=$! i
	for i in $(seq 100); do
		[ "$(marked | wc -l)" -ge 2 ] && break
		sleep 0.1
	done
	sleep 0.5
	kill -9 $pid
	wait $pid 2>/dev/null
	sleep 2
	local left
	left=$(marked | wc -l)
	[ "$left" -eq 0 ] && echo none || echo "**$left processes**"
	sweep
}
t_chatty() { killed "$1" chatty; }
t_silent() { killed "$1" silent; }

peers=("$@")
if [ ${#peers[@]} -eq 0 ]; then
	peers=(sluice)
	command -v mpirun >/dev/null && peers+=(mpirun)
	command -v parallel >/dev/null && peers+=(parallel)
	/usr/bin/python3 -c 'import torch.distributed.run' 2>/dev/null && peers+=(torchrun)
fi

row() { # NAME TEST
	local cell line="| $1 |" peer
	for peer in "${peers[@]}"; do
		cell=$(t_"$2" "$peer" 2>/dev/null)
		line+=" $cell |"
	done
	echo "$line"
}
printf '| what the workers do |'
printf ' %s |' "${peers[@]}"
printf '\n|---|'
printf -- '---|%.0s' "${peers[@]}"
echo
row 'the output ends without a newline' noeol
row 'bytes `00 ff fe` arrive exactly' binary
row '10 lines written in two halves: whole' halves
row '6 lines of 1 MB: whole' long
row '20 MB and nobody reads the console: workers finish, launcher memory' stuck
row 'a worker exits, a grandchild holds its pipe for 6 s: launcher ends after' holder
row 'a progress line without newline: seen after' progress
row 'rank 1 exits 3, then rank 0 exits 5: status' codes
row 'rank 1 dies of SIGSEGV: status' segv
row '`kill -9` of the launcher, chatty workers: left after 2 s' chatty
row '`kill -9` of the launcher, silent workers: left after 2 s' silent
