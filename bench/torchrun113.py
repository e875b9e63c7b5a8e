#!/usr/bin/python3
"""torchrun of Debian's python3-torch 1.13, made to start on Python 3.11.

There Std.from_str walks over the members of an IntFlag, which since Python 3.11
leaves out the members 0 (NONE) and 3 (ALL), and returns None for them: every
launch then ends in "'NoneType' object has no attribute". This replaces that one
function and hands over to torch.distributed.run; the command line is torchrun's.
"""

import sys

from torch.distributed.elastic.multiprocessing import api


def from_str(cls, text):
    """0 to 3 for all ranks, or a map such as 0:3,1:1."""
    if ":" not in text:
        return cls(int(text))
    pairs = (item.split(":") for item in text.split(","))
    return {int(rank): cls(int(streams)) for rank, streams in pairs}


api.Std.from_str = classmethod(from_str)

from torch.distributed import run  # noqa: E402  (only after the repair)

if __name__ == "__main__":
    sys.argv[0] = "torchrun"
    run.main()
