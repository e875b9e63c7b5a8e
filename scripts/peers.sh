#!/usr/bin/env bash
# Makes sure that the programs the tests compare with are there. As root, or
# with a sudo that asks nothing, it installs Debian packages for what is missing,
# and only for that; otherwise it says what to run and exits with 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Servers are there, where only root's PATH leads.
PATH=$PATH:/usr/sbin

# Prints the packages whose program cannot be found.
missing() {
  local package program
  while read -r package program; do
    command -v "$program" >/dev/null 2>&1 || echo "$package"
  done <<'PROGRAMS'
openmpi-bin mpirun
moreutils ts
lsof lsof
strace strace
tmux tmux
screen screen
gcc gcc
util-linux taskset
bsdutils script
procps ps
iproute2 ip
numactl numactl
hwloc hwloc-bind
vim vim
xxd xxd
fzf fzf
htop htop
less less
fish fish
zsh zsh
mc mc
nano nano
vttest vttest
expect expect
asciinema asciinema
ttyrec ttyrec
librsvg2-bin rsvg-convert
imagemagick identify
chromium chromium
nodejs node
npm npm
mpich mpiexec.hydra
slurm-wlm srun
slurmd slurmd
slurmctld slurmctld
munge munged
openssh-server sshd
PROGRAMS
  # moreutils has a parallel of its own, which is another program.
  parallel --version </dev/null 2>/dev/null | grep -q '^GNU parallel' || echo parallel
  # A compiler without headers cannot build cgo, which -race needs.
  if command -v gcc >/dev/null && ! echo '#include <stdio.h>' | gcc -E -x c - >/dev/null 2>&1; then
    echo libc6-dev
  fi
  has_torch || echo python3-torch
  # Pictures are compared as others draw them, who take fonts from the system.
  [ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf ] || echo fonts-dejavu-core
}

# Looks and does not import: that takes seconds.
has_torch() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)' \
      >/dev/null 2>&1 </dev/null && return 0
  done
  return 1
}

# The emulator that ours is compared with comes from npm.
oracle() {
  local dir=vt/testdata/xterm
  if [ -d "$dir/node_modules/@xterm/headless" ] && [ "$dir/node_modules/.package-lock.json" -nt "$dir/package-lock.json" ]; then
    return 0
  fi
  echo 'peers: npm ci for @xterm/headless'
  npm --prefix "$dir" ci --no-audit --no-fund --loglevel=error </dev/null
}

packages=$(missing)
if [ -z "$packages" ]; then
  oracle
  echo 'peers: all programs that the tests compare with are there'
  exit 0
fi
if [[ "$packages" == *gcc* ]]; then packages+=$'\nlibc6-dev'; fi
# shellcheck disable=SC2086 # package names are words
set -- $packages
echo "peers: missing: $*"

sudo=()
if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
if ! command -v apt-get >/dev/null; then
  echo 'peers: this system has no apt-get. Install what these Debian packages hold, then run this again:' "$*" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
  printf 'peers: root installs packages here. Run this, then try again:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "$*" >&2
  exit 1
fi

apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null; }
apt update -qq || echo 'peers: apt-get update failed; trying with the lists that are there' >&2
if ! apt install -y -qq --no-install-recommends "$@"; then
  # One package that cannot be had must not keep the others away.
  for package in "$@"; do apt install -y -qq --no-install-recommends "$package" || true; done
fi

still=$(missing | tr '\n' ' ')
if [ -n "$still" ]; then
  echo "peers: still missing after apt-get install: $still" >&2
  exit 1
fi
oracle
