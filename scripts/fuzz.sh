#!/usr/bin/env bash
# Fuzzes every target of the module for FUZZTIME each (5s), one after the other.
# What fails is kept by go under the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go=${GO:-go}
time=${FUZZTIME:-5s}

failed=()
count=0
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  count=$((count + 1))
  echo "fuzz: $target in $package"
  if ! "$go" test -run='^$' -fuzz="^$target\$" -fuzztime="$time" -fuzzminimizetime=5s -parallel=1 "$package" </dev/null; then
    failed+=("$package $target")
  fi
done < <(find . -name '*_test.go' -not -path './.*/*' -exec grep -Ho '^func Fuzz[A-Za-z0-9_]*' {} + |
  sed 's|^\./||; s|:func |:|' | sort)

echo "fuzz: $count targets, $time each"
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'fuzz: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
