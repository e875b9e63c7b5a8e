#!/usr/bin/env bash
# Fuzzes every target of the module for FUZZTIME each (5s), one after the other.
# What fails is kept by go under the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go=${GO:-go}
time=${FUZZTIME:-5s}

out=$(mktemp "${TMPDIR:-/tmp}/sluice-fuzz.XXXXXX")
trap 'rm -f "$out"' EXIT

fuzz() { # target package
  "$go" test -run='^$' -fuzz="^$1\$" -fuzztime="$time" -fuzzminimizetime=5s -parallel=1 "$2" \
    </dev/null 2>&1 | tee "$out"
}

# On a busy machine go sometimes calls it a failure that the time was up, without
# an input that fails (golang/go#75804). Only that is tried again.
only_late() { grep -q 'context deadline exceeded' "$out" && ! grep -q 'Failing input written' "$out"; }

failed=()
count=0
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  count=$((count + 1))
  echo "fuzz: $target in $package"
  for try in 1 2 3 4; do
    fuzz "$target" "$package" && continue 2
    only_late || break
  done
  failed+=("$package $target")
done < <(find . -name '*_test.go' -not -path './.*/*' -exec grep -Ho '^func Fuzz[A-Za-z0-9_]*' {} + |
  sed 's|^\./||; s|:func |:|' | sort)

echo "fuzz: $count targets, $time each"
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'fuzz: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
