#!/usr/bin/env bash
# Draws the terminals of the documentation anew, from the programs themselves.
#   docs/pictures/draw.sh        needs vim, fzf and mc, and sluice in PATH or in bin/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH=$PATH:$PWD/bin
out=$PWD/docs/pictures
tmp=$(mktemp -d "${TMPDIR:-/tmp}/sluice-pictures.XXXXXX")
trap 'sluice stop --kill pictures >/dev/null 2>&1 || true; rm -rf "$tmp"' EXIT
export HOME=$tmp XDG_STATE_HOME=$tmp/state XDG_RUNTIME_DIR=$tmp LC_ALL=C.UTF-8
unset XDG_CONFIG_HOME XDG_DATA_HOME FZF_DEFAULT_OPTS VIMINIT MC_SKIN
cd "$tmp"

start() { sluice run --pty -d --name pictures --size "$@" >/dev/null; }
draw() {
	sluice wait pictures --settled 500ms
	sluice screen pictures --svg "$out/$1.svg" --frame
	sluice stop --kill pictures >/dev/null 2>&1 || true
}

cat >fib.py <<'EOF'
"""Fibonacci numbers, as many as you like."""
from itertools import islice


def fibonacci(a: int = 0, b: int = 1):
    while True:
        yield a
        a, b = b, a + b


if __name__ == "__main__":
    print(*islice(fibonacci(), 12))  # 0 1 1 2 3 5 …
EOF
start 72x20 -- vim -u NONE -i NONE -n \
	-c 'set nocompatible number numberwidth=4 laststatus=2 showmode ruler' -c 'syntax on | colorscheme slate' fib.py
sluice wait pictures --text islice
sluice type pictures --expand '5Gf(vi('
draw vim

start 52x12 --stdin fifo:items -- fzf --border --preview 'echo {} | tr a-z A-Z' --preview-window 'right,40%'
printf '%s\n' apple apricot avocado banana cherry grape mango >items
sluice eof pictures # else it draws a wheel that turns
sluice wait pictures --text '7/7'
sluice type pictures ap
sluice press pictures Up
draw fzf

mkdir -p .config/mc project/{cmd,docs,internal,testdata}
printf '[Layout]\nmessage_visible=0\nfree_space=0\nxterm_title=0\ncommand_prompt=0\n' >.config/mc/ini
for f in CHANGELOG.md LICENSE Makefile README.md go.mod main.go main_test.go; do seq ${#f}00 >project/$f; done
touch -d '2026-01-02 03:04' project/* project
start 76x19 -- mc --nosubshell project project/docs
sluice wait pictures --text Makefile
sluice press pictures Down*6 F9
sluice mouse pictures click Options
sluice wait pictures --text 'Configuration...'
draw mc
