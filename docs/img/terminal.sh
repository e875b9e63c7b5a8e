#!/usr/bin/env bash
# Draws the terminals of the documentation anew from what sluice really writes.
#   docs/img/terminal.sh        needs go, and sluice in PATH or in bin/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH=$PWD/bin:$PATH
tmp=$(mktemp -d "${TMPDIR:-/tmp}/sluice-img.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export XDG_STATE_HOME=$tmp/state XDG_RUNTIME_DIR=$tmp FORCE_COLOR=1
go build -o "$tmp/terminal" docs/img/terminal.go

# picture NAME COMMAND: the command as it was typed, and what it wrote.
picture() {
	{
		printf '\e[2m$\e[0m %s\n' "$2"
		bash -c "$2" 2>&1 || true
	} | "$tmp/terminal" >"docs/img/$1.svg"
}

cat >"$tmp/train" <<'EOF'
#!/bin/sh
# A stand-in for a training script: rank 2 loses its data.
echo "rank $RANK of $WORLD_SIZE ready"
sleep 0.3
for step in 1 2 3; do
	echo "step $step loss 0.$((97 - 11 * step - RANK))"
	if [ "$RANK $step" = "2 3" ] && [ -n "$LOSE" ]; then
		echo "Traceback (most recent call last):" >&2
		echo '  File "train.py", line 41, in load' >&2
		echo "FileNotFoundError: [Errno 2] shard-0002.bin" >&2
		exit 1
	fi
	sleep 0.2
done
EOF
chmod +x "$tmp/train"
PATH=$tmp:$PATH
picture console 'sluice run -n 4 train'
export LOSE=1
picture failure 'sluice run -n 4 --name train train'
