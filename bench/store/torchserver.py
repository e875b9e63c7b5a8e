"""torch's own TCPStore server: prints its port and ends with its standard input."""

import sys

import torch.distributed as dist

store = dist.TCPStore("127.0.0.1", 0, None, True, wait_for_workers=False)
print(store.port, flush=True)
sys.stdin.read()
