#!/usr/bin/env python3
"""A few steps of distributed training, to be started by a launcher.

    sluice run -n 2 -- /usr/bin/python3 examples/ddp/train.py

Each rank fits a small regression on its own data with DistributedDataParallel
over gloo; its place comes from RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT. At
the end all ranks compare their parameters. The exit status is 0 only if they are
the same and the loss went down. Written for Debian's python3-torch (1.13); a GPU
is not needed.
"""

import argparse
import os
import sys
import traceback

import torch
import torch.distributed as dist
from torch.distributed.elastic.multiprocessing.errors import record
from torch.nn.parallel import DistributedDataParallel


def options():
    p = argparse.ArgumentParser(description="a few steps of distributed training")
    p.add_argument("--steps", type=int, default=5, metavar="N")
    p.add_argument("--fail-rank", type=int, default=-1, metavar="RANK",
                   help="this rank raises an exception half way")
    p.add_argument("--disagree", action="store_true",
                   help="the last rank spoils its parameters, so that the check at the end must fail")
    return p.parse_args()


def share_of_the_data(rank, size=64):
    """Rank's own samples of y = 3a - 2b + 1 and some noise."""
    g = torch.Generator().manual_seed(1000 + rank)
    x = torch.randn(size, 2, generator=g)
    y = x @ torch.tensor([[3.0], [-2.0]]) + 1.0 + 0.01 * torch.randn(size, 1, generator=g)
    return x, y


def train(rank, opts):
    torch.manual_seed(rank)  # on purpose not the same: DDP hands out rank 0's parameters
    model = DistributedDataParallel(torch.nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    x, y = share_of_the_data(rank)
    losses = []
    for step in range(opts.steps):
        if rank == opts.fail_rank and step == opts.steps // 2:
            raise RuntimeError(f"rank {rank} gives up at step {step}, as --fail-rank ordered")
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()  # the gradients of all ranks are averaged here
        optimizer.step()
        losses.append(loss.item())
        say(f"rank {rank} step {step} loss {loss.item():.6f}")
    return model, losses


def agree(model, rank, size):
    """Tell whether every rank has the same parameters, bit for bit."""
    mine = torch.cat([p.detach().flatten() for p in model.parameters()])
    theirs = [torch.empty_like(mine) for _ in range(size)]
    dist.all_gather(theirs, mine)
    different = [r for r, t in enumerate(theirs) if not torch.equal(t, mine)]
    if different:
        say(f"rank {rank}: parameters differ from those of rank {different}", sys.stderr)
    return not different


def say(line, to=sys.stdout):
    """Print a line in one write: print() makes two of it when unbuffered."""
    to.write(line + "\n")
    to.flush()


@record  # an exception also goes to the error file that the launcher names
def main():
    opts = options()
    dist.init_process_group("gloo")
    rank, size = dist.get_rank(), dist.get_world_size()
    say(f"rank {rank} of {size} is ready, torch {torch.__version__}", sys.stderr)
    model, losses = train(rank, opts)
    if opts.disagree and rank == size - 1:
        with torch.no_grad():
            next(model.parameters()).add_(1.0)
    ok = agree(model, rank, size)
    if ok and rank == 0:
        say("parameters agree")
    if ok and len(losses) > 1 and losses[-1] >= losses[0]:
        say(f"rank {rank}: the loss did not go down: {losses[0]:.6f} to {losses[-1]:.6f}", sys.stderr)
        ok = False
    leave(0 if ok else 1)


def leave(status):
    """End without tearing the process group down. The gloo group of torch 1.13
    joins its threads with the interpreter's lock held, while one of them may want
    that lock to release a tensor: about one run in twenty never ended. Whatever
    the status, it must get out."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        main()
    except Exception:
        traceback.print_exc()
        leave(1)
