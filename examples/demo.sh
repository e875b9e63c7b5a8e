#!/usr/bin/env bash
# The first minute with sluice: a real job on four workers that succeeds, then the
# same with a rank that fails, and what sluice says about it. Exits with 0 only if the
# first succeeded and the second failed as ordered.
#
# Everything lies below a temporary directory and is gone at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ ! -x bin/sluice ]; then go build -o bin/sluice ./cmd/sluice; fi
# Built each time: it costs nothing when nothing has changed.
go build -o bin/wordcount ./examples/wordcount

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sluice-demo.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
# Runs are kept below the state directory: a fresh one, so that `ps` shows ours only.
export XDG_STATE_HOME=$tmp/state XDG_RUNTIME_DIR=$tmp/run
mkdir -m 700 "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR"

# show COMMAND...: prints the command and runs it.
show() {
	printf '\n$ %s\n' "$*"
	"$@"
}
fail() {
	echo "demo: $*" >&2
	exit 1
}

echo "1. Four workers count the words of a text together and add up over a ring."
show bin/sluice run -n 4 --name wordcount -- bin/wordcount -pace 50ms examples/wordcount/texts |
	tee "$tmp/first" || fail "the first run failed, and should not have"
[ "$(grep -c 'checksum' "$tmp/first")" -eq 4 ] || fail "want a checksum from each of the four workers"
[ "$(grep -o 'checksum [0-9a-f]*' "$tmp/first" | sort -u | wc -l)" -eq 1 ] || fail "the workers disagree about the answer"

echo
echo "2. What ran on this machine."
show bin/sluice ps

echo
echo "3. The same, but rank 2 panics half way. The others wait for it in the ring."
# A Go program that panics ends with status 2, and so does the run.
status=0
show bin/sluice run -n 4 --name wordcount -- bin/wordcount -pace 50ms -fail-rank 2 -fail-how panic examples/wordcount/texts || status=$?
echo "(exit status $status)"
[ "$status" -eq 2 ] || fail "the second run ended with $status, want the panic's status 2"

echo
echo "4. The end of what rank 2 wrote to stderr, from its log."
show bin/sluice logs --rank 2 --stream err --tail 5 | tee "$tmp/log"
grep -q 'fail.go' "$tmp/log" || fail "the log does not show the panic"

echo
echo "5. Both runs, as sluice remembers them."
show bin/sluice ps --all
echo
echo "demo: as expected: one run succeeded, one failed and was explained"
