#!/usr/bin/env bash
# Records the streams of vt/testdata/streams anew, all or those named:
#
#   scripts/record-streams.sh                 # all
#   scripts/record-streams.sh vim-edit less   # these
#   SHOW=1 scripts/record-streams.sh less     # and prints the screens
#
# Needs root: the programs get a /tmp, a host name and process numbers of their
# own, so that nothing of this machine gets into the streams.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages='vim nano joe less man-db tmux mc tig git htop procps fzf dialog whiptail bash fish python3
  ncurses-bin ncurses-examples cmatrix sl nethack-console vttest nodejs'
missing=
for package in $packages; do
  [ "$package" = nodejs ] && command -v node >/dev/null && continue
  dpkg -s "$package" >/dev/null 2>&1 || missing+=" $package"
done
if [ -n "$missing" ]; then
  echo "record-streams: missing programs; run: apt-get install$missing" >&2
  exit 1
fi
[ -d vt/testdata/xterm/node_modules ] || npm --prefix vt/testdata/xterm ci --no-audit --no-fund

# shellcheck disable=SC2016 # the inner shell expands
exec unshare --uts --mount sh -c '
  hostname demo
  mount -t tmpfs tmpfs /tmp
  exec /usr/bin/env PYTHONDONTWRITEBYTECODE=1 python3 vt/testdata/streams/record.py vt/testdata/streams "$@"' record "$@"
