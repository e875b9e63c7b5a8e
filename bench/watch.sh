# What a process pays for each line it writes while it is watched, against strace with
# the same content shown. Sourced by run.sh.
# shellcheck shell=bash

if want "watched (peer: strace)" strace; then
	for way in bpf ptrace; do
		if [ "$way" = bpf ] && [ "$(id -u)" -ne 0 ]; then
			skip "watched by bpf (peer: strace)" "needs root"
			continue
		fi
		measure watched measure -name "watched by $way (peer: strace)" -a sluice -b strace -rounds "$(rounds 5)" -goal '>=1' -rows "$ROWS" \
			-ready ': watched by' -peer-ready attached \
			"$SLUICE" watch --stdout --via "$way" {} :: strace -f -e trace=write -e write=1,2 -o "$LOGS/strace" -p {}
	done
fi
