# Workers on terminals, against what else gives a program one. Sourced by run.sh.
#
#   flood      cat of 64 MB of 80-byte lines ($BENCH_BYTES): sluice logs and emulates it
#              with nobody attached; script passes it to /dev/null and logs nothing;
#              asciinema records it; tmux shows it to nobody and logs nothing
#   keystroke  2,000 keys at random moments through a client, over the same terminal
#              with no client
#   round trip press a key, and wait until the screen shows the answer
#   idle       200 terminals of one run, and 20 runs of one: agents only
#   emulator   bench/vt, with a table and goals of its own
#
# A row is left out with what it needs. BENCH_ROUNDS counts for flood and keystroke.
# shellcheck shell=bash

size=${BENCH_BYTES:-64000000}
text=$WORK/text
# A socket in a directory of its own: whatever else is called tmux goes on.
tmux=(tmux -S "$WORK/tmux" -f /dev/null)

"$TOOLS/lines" "$size" >"$text"
detached=(sh -c 'run=$("$0" run --pty -d --log-dir "$1" -- cat "$2") && exec "$0" wait -q "$run"' "$SLUICE" "$LOGS" "$text")

if want "terminal flood / script" script; then
	measure compare -name "terminal flood / script" -a sluice -b "script" -n "$(rounds 9)" -goal '<=1.1' -before "$FRESH" -rows "$ROWS" \
		"${detached[@]}" :: script -qec "cat '$text'" /dev/null
	# The same work on both sides: a log.
	measure compare -name "terminal flood / script with a log" -a sluice -b "script, log" -n "$(rounds 5)" -before "$FRESH" -rows "$ROWS" \
		"${detached[@]}" :: script -qec "cat '$text'" -O "$LOGS/typescript" -T "$LOGS/timing"
fi
if want "asciinema / terminal flood" asciinema; then
	measure compare -name "asciinema / terminal flood" -a sluice -b "asciinema rec" -n "$(rounds 3)" -warmup 0 -goal '>=1.5' -before "$FRESH" -rows "$ROWS" \
		"${detached[@]}" :: asciinema rec -q --overwrite -c "cat '$text'" "$LOGS/flood.cast"
fi
if want "tmux / terminal flood" tmux; then
	# The session lives until it is told to end: who waits must find a server. What
	# is still between cat and tmux when cat has ended counts for tmux.
	measure compare -name "tmux / terminal flood" -a sluice -b tmux -n "$(rounds 5)" -goal '>=1.5' -before "$FRESH" -rows "$ROWS" \
		"${detached[@]}" :: sh -c '
			text=$1; shift
			"$@" new-session -d -x 80 -y 24 "cat \"$text\"; $* wait-for -S done; exec sleep 600" && "$@" wait-for done && "$@" kill-server' \
		flood "$text" "${tmux[@]}"
fi

echoer=("$TOOLS/keystroke" echo)
peer=()
label=none
if want "keystroke against tmux" tmux; then
	peer=(:: "${tmux[@]}" new-session "${echoer[@]}")
	label=tmux
fi
measure keystroke measure -name "keystroke, run --pty" -a "sluice run" -b "$label" -rounds "$(rounds 3)" -p50 '<=150' -p99 '<=1000' -before "$FRESH" -rows "$ROWS" \
	"$SLUICE" run -q --pty --log-dir "$LOGS" -- "${echoer[@]}" "${peer[@]}"
measure keystroke measure -name "keystroke, attach" -a "sluice attach" -rounds "$(rounds 3)" -p50 '<=150' -p99 '<=1000' -before "$FRESH" -rows "$ROWS" \
	sh -c 'run=$("$0" run --pty -d --log-dir "$1" -- "$2" echo) && exec "$0" attach "$run"' "$SLUICE" "$LOGS" "$TOOLS/keystroke"
# Where that failed, a detached run is left over.
"$SLUICE" stop --kill >/dev/null 2>&1 || true

if want "round trip" tmux; then
	for way in commands command connection; do
		for poll in 20ms 0s; do
			pace="looking every $poll"
			[ "$poll" != 0s ] || pace="looking all the time"
			measure roundtrip measure -name "round trip, $way, tmux $pace" -way "$way" -poll "$poll" -sluice "$SLUICE" -goal '>=3' -rows "$ROWS"
		done
	done
fi

# What is idle has lived: it shows a screen, and more has scrolled off it.
worker='seq 100; echo >"$BENCH_READY"; exec cat'
sessions=${BENCH_SESSIONS:-200}
eval "$FRESH"
measure account idle -name "idle, $sessions terminals of one run," -workers "$sessions" -window 20s -cpu '<=0.2' -memory '<=150' -detached "$SLUICE" -rows "$ROWS" \
	"$SLUICE" run -n "$sessions" --pty -d --log-dir "$LOGS" -- sh -c "$worker"
measure account idle -name "idle, $((sessions / 10)) runs of one terminal," -workers "$((sessions / 10))" -window 20s -cpu '<=0.2' -detached "$SLUICE" -rows "$ROWS" \
	sh -c 'i=0; while [ $i -lt "$1" ]; do "$0" run --pty -d --log-dir "$2" -- sh -c "$3" || exit; i=$((i + 1)); done' \
	"$SLUICE" "$((sessions / 10))" "$LOGS" "$worker"

# It has peers that the project does not depend on, and so a module of its own.
if [ -f "$ROOT/bench/vt/go.mod" ]; then
	if ! (cd "$ROOT/bench/vt" && go run . -rounds "$(rounds 7)"); then
		skip "emulator" "bench/vt does not run, see above"
	fi
fi
rm -f "$text"
