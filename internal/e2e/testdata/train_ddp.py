"""A few steps of DistributedDataParallel over gloo, with every loss to the bit."""

import argparse
import os
import socket
import sys
import time
import traceback

import torch
import torch.distributed as dist
from torch.distributed.elastic.multiprocessing.errors import record
from torch.nn.parallel import DistributedDataParallel

STEPS = 4


def say(text):
    """One write for a line: print() makes two of it when unbuffered."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--fail-rank", type=int, default=-1)
    p.add_argument("--fail-attempts", type=int, default=1000)
    return p.parse_args()


@record
def main(opts):
    attempt = int(os.environ["TORCHELASTIC_RESTART_COUNT"])
    dist.init_process_group("gloo")
    rank, size = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(7)
    model = DistributedDataParallel(torch.nn.Sequential(
        torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    g = torch.Generator().manual_seed(1000 + rank)
    x, y = torch.randn(64, 16, generator=g), torch.randn(64, 1, generator=g)
    for step in range(STEPS):
        if rank == opts.fail_rank and attempt < opts.fail_attempts and step == STEPS // 2:
            raise RuntimeError(f"rank {rank} gives up in attempt {attempt}")
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        say(f"rank {rank} of {size} attempt {attempt} step {step} loss {loss.item().hex()}")
    dist.barrier()


def hang_up():
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            with socket.socket(fileno=os.dup(fd)) as s:
                s.shutdown(socket.SHUT_RDWR)
        except OSError:  # no socket, or none that is connected
            pass


def leave(status):
    """Torch 1.13 may hang when it takes a gloo group down."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


opts = options()
try:
    main(opts)
except Exception:
    traceback.print_exc()
    if int(os.environ["RANK"]) == opts.fail_rank:
        hang_up()  # the peers notice now, and this rank takes its time
        time.sleep(0.3)
    leave(1)
leave(0)
