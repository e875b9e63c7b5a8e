"""Rank 1 asks for a deadline, as torch's FileTimerClient does, and hangs."""

import json
import os
import time


def timer(scope, expires):
    line = json.dumps({"version": 1, "pid": os.getpid(), "scope_id": scope,
                       "expiration_time": expires, "signal": 9}) + "\n"
    fd = os.open(os.environ["TORCHELASTIC_TIMER_FILE"], os.O_WRONLY | os.O_NONBLOCK)
    os.write(fd, line.encode())
    os.close(fd)


timer("step 1", time.time() + 0.3)
timer("step 1", -1)  # done in time
if os.environ["RANK"] == "1":
    timer("step 2", time.time() + 0.4)
time.sleep(1000)
