# Recordings. Sourced by run.sh.
#
#   flood   64 MB of a log in colours ($BENCH_BYTES), recorded with nobody looking and
#           on a terminal: CPU time of all of the recorder's processes, without that of
#           the program that writes, against asciinema and script (which has no times
#           in its plain row, and no emulator in any)
#   work    what is made of a recording of an hour and 100 MB ($BENCH_BYTES), and of one
#           of a minute: convert, grep, pictures, and going to a time
# shellcheck shell=bash

measure recording flood -sluice "$SLUICE" -dir "$WORK" -n "$(rounds 3)" -bytes "${BENCH_BYTES:-64000000}" -rows "$ROWS"
measure recording work -sluice "$SLUICE" -dir "$WORK" -n "$(rounds 3)" -bytes "${BENCH_BYTES:-100000000}" -rows "$ROWS"
