#!/usr/bin/env bash
# Builds sluice into the file that is named: a program without the engine for runs
# over several machines, the web server and eBPF, which every run would pay for with
# each process that it starts, and behind it the whole one, which takes its place where
# these are needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
GO="${GO:-go}"
out=${1:?usage: scripts/build.sh OUTPUT}
mkdir -p "$(dirname "$out")"

ldflags='-s -w'
if [ "$("$GO" env GOOS)/$("$GO" env GOARCH)" = linux/amd64 ]; then
  # The agent is forked before there is a Go runtime: see internal/early.
  ldflags+=' -E github.com/sluicerun/sluice/internal/early.entry'
fi

build() { CGO_ENABLED=0 "$GO" build -trimpath -ldflags "$ldflags" -o "$@" ./cmd/sluice; }

if [ "$("$GO" env GOOS)" != linux ]; then # runs are for Linux
  build "$out"
  exit
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/sluice-build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
build "$tmp/whole"
build "$tmp/small" -tags small
GOOS='' GOARCH='' "$GO" run ./scripts/pack "$out" "$tmp/small" "$tmp/whole"
