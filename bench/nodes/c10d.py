"""How long torchrun's c10d rendezvous takes for N agents: the first round, and the
one after an agent was killed and the workers of all others have failed at once,
which is the soonest that torchrun meets again.

Each agent is a process of its own. It is forked from one that has imported torch,
so that neither that nor a start of Python counts.
"""

import ctypes
import logging
import os
import signal
import socket
import sys
import time

from torch.distributed.elastic.rendezvous import RendezvousParameters
from torch.distributed.elastic.rendezvous.c10d_rendezvous_backend import create_backend
from torch.distributed.elastic.rendezvous.dynamic_rendezvous import create_handler

logging.disable(logging.CRITICAL)
n = int(sys.argv[1])
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]

go, told = os.pipe(), os.pipe()
again = os.pipe()


def agent(i):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    os.read(go[0], 1)
    # last_call counts in whole seconds, and 0 is refused.
    params = RendezvousParameters(backend="c10d", endpoint=f"127.0.0.1:{port}", run_id="bench", min_nodes=n - 1, max_nodes=n,
                                  is_host=str(i == 0), last_call_timeout="1", join_timeout="300")
    backend, store = create_backend(params)
    handler = create_handler(store, backend, params)
    for _ in range(2):
        _, rank, size = handler.next_rendezvous()
        os.write(told[1], b"x")
        os.read(again[0], 1)  # its workers have failed, or all is over
    os._exit(0)


pids = []
for i in range(n):
    pid = os.fork()
    if pid == 0:
        try:
            agent(i)
        except BaseException as e:
            print(f"agent {i}: {e!r}", file=sys.stderr, flush=True)
            os._exit(1)
    pids.append(pid)


def wait_for(count):
    while count > 0:
        got = os.read(told[0], count)
        count -= len(got)


def release(end, count):
    os.write(end, b"x" * count)


try:
    began = time.monotonic()
    release(go[1], n)
    wait_for(n)
    print("first", time.monotonic() - began, flush=True)
    began = time.monotonic()
    os.kill(pids[-1], signal.SIGKILL)
    os.waitpid(pids.pop(), 0)
    release(again[1], n - 1)
    wait_for(n - 1)
    print("next", time.monotonic() - began, flush=True)
finally:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
