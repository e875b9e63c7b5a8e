"""What torch's @record writes into the error file that the launcher names."""

import os
import sys

from torch.distributed.elastic.multiprocessing.errors import record

FILE = os.environ["TORCHELASTIC_ERROR_FILE"]


def say(text):
    """One write for a line: print() makes two of it when unbuffered."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def nothing_written():
    assert not os.path.exists(FILE), open(FILE).read()


@record
def succeeds():
    return 7


@record
def leaves(status):
    sys.exit(status)


@record
def gives_up():
    raise ValueError("bad shape")


assert succeeds() == 7
nothing_written()
say("success writes nothing")

for status in 0, 3:
    try:
        leaves(status)
    except SystemExit as e:
        assert e.code == status
    else:
        assert status == 0  # later versions of torch swallow it
    nothing_written()
    say(f"exit {status} writes nothing")

del os.environ["TORCHELASTIC_ERROR_FILE"]
try:
    gives_up()
except ValueError:
    pass
else:
    raise AssertionError("the exception was swallowed")
nothing_written()
say("without a file the exception goes on")

os.environ["TORCHELASTIC_ERROR_FILE"] = FILE
gives_up()
