#!/usr/bin/env bash
# Makes the film of the README anew: a shell that is recorded while a script types.
#   docs/pictures/film.sh        needs vim, python3 and jq, and sluice in PATH or in bin/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH=$PATH:$PWD/bin
out=$PWD/docs/pictures
tmp=$(mktemp -d "${TMPDIR:-/tmp}/sluice-film.XXXXXX")
trap 'sluice stop --kill film >/dev/null 2>&1 || true; rm -rf "$tmp"' EXIT
export HOME=$tmp XDG_STATE_HOME=$tmp/state XDG_RUNTIME_DIR=$tmp LC_ALL=C.UTF-8
export PS1='\[\e[1;32m\]$\[\e[m\] ' HISTFILE=
unset VIMINIT
cd "$tmp"

cat >fib.py <<'EOF'
"""Fibonacci numbers, as many as you like."""
from itertools import islice


def fibonacci(a: int = 0, b: int = 1):
    while True:
        yield a
        a, b = b, a + b


if __name__ == "__main__":
    print(*islice(fibonacci(), 12))
EOF
cat >.vimrc <<'EOF'
set nocompatible number numberwidth=4 laststatus=2 noshowmode ruler viminfo= noswapfile shortmess+=F
syntax on
colorscheme slate
EOF

typed() {
	sluice type film --pace 45ms --expand "$1"
	sleep 0.2
	sluice press film Enter
}
sluice rec demo.cast -d --name film --size 66x15 --title 'recorded by sluice rec' -- bash --norc --noprofile >/dev/null
sluice wait film --text '$'
sleep 0.5
typed 'python3 fib.py'
sluice wait film --text 89
sleep 0.9
typed 'vim fib.py'
sluice wait film --text 'import islice'
sleep 0.8
typed '/12'
sleep 0.5
typed 'cw16<Esc>:wq'
sluice wait film --gone 'import islice'
sleep 0.5
typed 'python3 fib.py'
sluice wait film --text 610
sleep 1
sluice stop --kill film >/dev/null 2>&1 || true

# The last thing in it is that the shell was killed.
end=$(sluice cast info --json demo.cast | jq '.duration - 0.1')
sluice cast convert demo.cast "$out/demo.svg" --frame --until "$end" --poster 5 --overwrite
