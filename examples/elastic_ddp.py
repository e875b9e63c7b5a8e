#!/usr/bin/env python3
"""Training that goes on when a machine is lost or comes late.

    sluice torchrun --nnodes 2:4 --max-restarts 3 --rdzv-backend c10d \\
        --rdzv-endpoint HOST:29400 --tls DIR examples/elastic_ddp.py --checkpoint FILE

is started on every machine; FILE is in a directory that they share. After each
epoch rank 0 saves all that it takes to go on, and whoever starts begins there. A
step uses the same samples however many ranks share them out, so the outcome does
not depend on who was there when. Written for Debian's python3-torch (1.13), gloo;
a GPU is not needed.
"""

import argparse
import os
import sys
import traceback

import torch
import torch.distributed as dist
from torch.distributed.elastic.multiprocessing.errors import record
from torch.nn.parallel import DistributedDataParallel

SAMPLES, STEP = 240, 24  # 1, 2, 3 and 4 ranks have equal shares of a step


def options():
    p = argparse.ArgumentParser(description="training that survives the loss of a machine")
    p.add_argument("--epochs", type=int, default=10, metavar="N")
    p.add_argument("--checkpoint", required=True, metavar="FILE")
    return p.parse_args()


def samples():
    """All samples of y = 3a - 2b + 1 and some noise, the same on every rank."""
    g = torch.Generator().manual_seed(1000)
    x = torch.randn(SAMPLES, 2, generator=g)
    return x, x @ torch.tensor([[3.0], [-2.0]]) + 1.0 + 0.1 * torch.randn(SAMPLES, 1, generator=g)


def save(path, state):
    """Write beside the file and rename: whoever is killed here leaves the old one."""
    with open(path + ".new", "wb") as f:
        torch.save(state, f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def train_epoch(epoch, model, optimizer, x, y):
    """One pass over all samples, in an order that depends on the epoch alone."""
    rank, size = dist.get_rank(), dist.get_world_size()
    order = torch.randperm(SAMPLES, generator=torch.Generator().manual_seed(epoch))
    for step in order.split(STEP):
        mine = step[rank::size]
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x[mine]), y[mine]).backward()  # averaged over the ranks here
        optimizer.step()


@record  # an exception also goes to the error file that the launcher names
def main(opts):
    dist.init_process_group("gloo")
    rank, size = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    done = steps = 0
    if os.path.exists(opts.checkpoint):
        state = torch.load(opts.checkpoint)
        done, steps = state["epochs"], state["steps"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    say(f"rank {rank} of {size} begins after epoch {done}")
    dist.barrier()  # nobody saves before all have loaded the same
    ddp = DistributedDataParallel(model)
    x, y = samples()
    for epoch in range(done, opts.epochs):
        train_epoch(epoch, ddp, optimizer, x, y)
        steps += SAMPLES // STEP
        if rank == 0:
            save(opts.checkpoint, {"epochs": epoch + 1, "steps": steps,
                                   "model": model.state_dict(), "optimizer": optimizer.state_dict()})
        loss = torch.nn.functional.mse_loss(model(x), y).item()
        say(f"rank {rank} of {size} epoch {epoch + 1} steps {steps} loss {loss:.6f}")
    dist.barrier()


def say(line):
    """Print a line in one write: print() makes two of it when unbuffered."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def leave(status):
    """End without tearing the process group down: torch 1.13 may hang in it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        main(options())
    except Exception:
        traceback.print_exc()
        leave(1)
    leave(0)
