#!/usr/bin/env bash
# Fuzzes every target of the module for FUZZTIME each, one after the other: a
# count of inputs (20000x) or a time (30s). A count is the default, for go calls
# it a failure now and then that a time was up on a busy machine
# (golang/go#75804). What fails is kept by go under the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go=${GO:-go}
time=${FUZZTIME:-20000x}

out=$(mktemp "${TMPDIR:-/tmp}/sluice-fuzz.XXXXXX")
trap 'rm -f "$out"' EXIT

failed=()
count=0
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  count=$((count + 1))
  long=$time
  # Whatever a program writes goes through the emulator: it gets ten times as much.
  if [ "$package" = ./vt ] && [[ "$time" == *x ]]; then long=$((${time%x} * 10))x; fi
  if "$go" test -run='^$' -fuzz="^$target\$" -fuzztime="$long" -fuzzminimizetime=5s -parallel=1 "$package" \
      </dev/null >"$out" 2>&1; then
    printf 'fuzz: %s in %s: %s\n' "$target" "$package" "$(grep -o 'execs: .*' "$out" | tail -n 1)"
  else
    cat "$out"
    failed+=("$package $target")
  fi
done < <(find . -name '*_test.go' -not -path './.*/*' -exec grep -Ho '^func Fuzz[A-Za-z0-9_]*' {} + |
  sed 's|^\./||; s|:func |:|' | sort)

echo "fuzz: $count targets, $time each"
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'fuzz: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
