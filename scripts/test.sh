#!/usr/bin/env bash
# Everything that has to hold before a change is taken. Later checks run also
# when earlier ones failed; the summary at the end names each one.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GO="${GO:-go}"

if ! command -v "$GO" >/dev/null; then
  echo 'test: there is no go command. Install Go 1.26 or newer (https://go.dev/dl) and put it into PATH.' >&2
  exit 1
fi

STATICCHECK=honnef.co/go/tools/cmd/staticcheck@v0.8.2
log=$(mktemp "${TMPDIR:-/tmp}/sluice-test.XXXXXX")
trap 'rm -f "$log"' EXIT
summary=()
failed=0

check() { # name command...
  local name=$1 from=$SECONDS verdict=ok
  shift
  printf '\n== %s\n' "$name"
  "$@" </dev/null || { verdict=FAILED; failed=1; }
  summary+=("$(printf '%-6s %5ds  %s' "$verdict" $((SECONDS - from)) "$name")")
}

formatted() {
  local files
  files=$(find . -name '*.go' -not -path './.*/*' -not -path '*/testdata/*' -exec "$("$GO" env GOROOT)/bin/gofmt" -l {} +) || return 1
  [ -z "$files" ] && return 0
  printf 'not formatted; run: gofmt -w %s\n' "$(echo $files)" >&2
  return 1
}

elsewhere() {
  GOOS=darwin CGO_ENABLED=0 "$GO" vet ./... &&
    GOOS=windows CGO_ENABLED=0 "$GO" build ./job/... ./redirect/... ./vt/... ./keys/... ./cast/... ./playback/... ./adopt/...
}

# The race detector's output with each test's verdict; the lines that only tell
# where the output of a test begins stay in the log.
race() {
  SLUICE_TEST_STRICT=1 "$GO" test -race -v -count=1 -timeout=20m ./... 2>&1 | tee "$log" | sed -u '/^=== /d'
}

skips() {
  local names root=0
  [ "$(id -u)" = 0 ] && root=1
  names=$(awk -v "ROOT=$root" -f scripts/skips.awk "$log") || return 1
  [ -z "$names" ] && return 0
  printf 'skipped, which is not allowed here:\n%s\n' "$names" >&2
  return 1
}

static_build() { CGO_ENABLED=0 "$GO" build -trimpath -ldflags '-s -w' -o /dev/null ./cmd/sluice; }

check 'programs to compare with' scripts/peers.sh
check 'gofmt' formatted
check 'go vet' "$GO" vet ./...
check 'go vet for darwin, go build for windows' elsewhere
check 'static build' static_build

check 'staticcheck' "$GO" run "$STATICCHECK" ./...
check 'go test -race' race
check 'no test skipped' skips
check 'every interleaving of small cases' "$GO" test -count=1 -run '^TestEvery$' ./rendezvous/council -more
check 'fuzz' scripts/fuzz.sh

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
printf '%d tests passed, %d failed, in %d min %d s\n' \
  "$(grep -c '^ *--- PASS' "$log")" "$(grep -c '^ *--- FAIL' "$log")" $((SECONDS / 60)) $((SECONDS % 60))
if [ "$failed" != 0 ]; then
  echo 'test: FAILED' >&2
  exit 1
fi
echo 'test: all is well'
