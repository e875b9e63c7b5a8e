"""Rank 1 ends as the first argument says; the others work on."""

import ctypes
import os
import resource
import sys
import time


def lines():
    """Give signs of life for ever."""
    while True:
        os.write(1, b"a step\n")
        time.sleep(0.05)


how = sys.argv[1]
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.write(2, f"rank {os.environ['RANK']} begins\n".encode())
if how == "hang":
    time.sleep(1000)
if os.environ["RANK"] != "1":
    lines()
if how == "segfault":
    ctypes.string_at(0)
if how == "exit":
    os._exit(85)
if how == "oom":
    hog = []
    while True:
        hog.append(b"x" * (16 << 20))
sys.exit("how?")
