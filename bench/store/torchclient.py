"""Times torch's own client: client.py ROUNDS PAIRS PORT PORT.

Each round sets and gets PAIRS keys at one port and then at the other, and prints
the two durations in seconds.
"""

import sys
import time

import torch.distributed as dist

rounds, pairs = int(sys.argv[1]), int(sys.argv[2])
stores = [dist.TCPStore("127.0.0.1", int(port), None, False, wait_for_workers=False) for port in sys.argv[3:]]


def once(store):
    start = time.perf_counter()
    for i in range(pairs):
        key = f"key{i % 64}"
        store.set(key, f"{i:032}")
        if store.get(key) != b"%032d" % i:
            sys.exit("got another value than was set")
    return time.perf_counter() - start


for store in stores:  # caches, and the servers' first allocations
    once(store)
for _ in range(rounds):
    print(*(once(store) for store in stores), flush=True)
