# The workers' store: pairs of SET and GET by torch's own Python client, and 512
# clients that connect at once, against torch's server. Sourced by run.sh.
# shellcheck shell=bash

if want_torchrun "store"; then
	measure store measure -rounds "$(rounds 9)" -rows "$ROWS"
fi
