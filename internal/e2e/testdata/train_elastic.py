"""examples/elastic_ddp.py, whose epochs wait until a file allows them.

    train_elastic.py EXAMPLE ALLOWED [ARG...]

ALLOWED holds a number: no epoch after that many begins.
"""

import importlib.util
import sys
import time
import traceback

example, allowed = sys.argv[1:3]
del sys.argv[1:3]
spec = importlib.util.spec_from_file_location("elastic_ddp", example)
ddp = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ddp)
train = ddp.train_epoch


def may(epoch):
    with open(allowed) as f:
        return epoch < int(f.read())


def train_epoch(epoch, *args):
    while not may(epoch):
        time.sleep(0.02)
    train(epoch, *args)


ddp.train_epoch = train_epoch
try:
    ddp.main(ddp.options())
except Exception:
    traceback.print_exc()
    ddp.leave(1)
ddp.leave(0)
