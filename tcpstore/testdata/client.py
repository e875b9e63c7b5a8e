"""Exercises torch's own TCPStore client against the server at sys.argv[1]:[2]."""

import datetime
import sys

import torch.distributed as dist

host, port = sys.argv[1], int(sys.argv[2])


def connect(wait_for_workers=False):
    return dist.TCPStore(host, port, 2, False, timeout=datetime.timedelta(seconds=30), wait_for_workers=wait_for_workers)


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


c = connect()
c.set("a", "xyz")
same(c.get("a"), b"xyz")
same(c.add("n", 5), 5)
same(c.add("n", -7), -2)
same(c.get("n"), b"-2")
c.wait(["a", "n"], datetime.timedelta(seconds=10))
try:
    c.wait(["never"], datetime.timedelta(milliseconds=200))
    sys.exit("a wait for nothing ended well")
except RuntimeError as e:
    assert "imeout" in str(e), e
same(c.get("a"), b"xyz")
same(c.compare_set("m", "x", "y"), b"x")
same(c.compare_set("m", "", "y"), b"y")
same(c.compare_set("m", "q", "z"), b"y")
same(c.compare_set("m", "y", "z"), b"z")
same(c.num_keys(), 3)
same(c.delete_key("m"), True)
same(c.delete_key("m"), False)
same(c.num_keys(), 2)
c.set("empty", "")
same(c.get("empty"), b"")
big = "v" * (8 << 20)
c.set("big", big)
same(c.get("big"), big.encode())
p = dist.PrefixStore("pre", c)
p.set("a", "other")
same(p.get("a"), b"other")
same(c.get("pre/a"), b"other")
# Counts itself in under init/, as a client does that waits for workers.
connect(wait_for_workers=True)
same(c.num_keys(), 6)
# Somebody else brings what a get waits for. (Another process: the binding keeps
# Python's lock while it waits.)
c.set("waiting", "1")
same(c.get("from-go"), b"here")
print("all as torch's own server")
