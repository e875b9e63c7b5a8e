"""A worker of torchrun that meets the others in the two ways that PyTorch has:
init_method env:// and tcp://, both at the master's address."""

import os

import torch
import torch.distributed as dist

assert dist.is_torchelastic_launched()
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def total(number):
    t = torch.tensor([number])
    dist.all_reduce(t)
    return t.item()


dist.init_process_group("gloo", init_method="env://")
print("env", total(rank + 1), flush=True)
dist.destroy_process_group()

# What init_process_group makes of tcp://. The store is the agent's and still
# knows the first group, so the second has its keys under a prefix.
url = "tcp://{MASTER_ADDR}:{MASTER_PORT}".format(**os.environ)
store, _, _ = next(dist.rendezvous(url, rank, size))
dist.init_process_group("gloo", store=dist.PrefixStore("second", store), rank=rank, world_size=size)
print("tcp", total(rank + 10), flush=True)
dist.destroy_process_group()
