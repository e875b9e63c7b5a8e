"""One rank of a gloo gang that meets at tcp://sys.argv[1], where nobody is host."""

import datetime
import os
import sys

import torch
import torch.distributed as dist

addr, rank, world = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# With an agent's store every rank connects, rank 0 too.
os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "True"
os.environ["TORCHELASTIC_RESTART_COUNT"] = "0"
dist.init_process_group("gloo", init_method=f"tcp://{addr}", rank=rank, world_size=world, timeout=datetime.timedelta(seconds=60))
t = torch.tensor([float(rank + 1)])
dist.all_reduce(t)
dist.barrier()
assert t.item() == world * (world + 1) / 2, t
print("sum", t.item())
