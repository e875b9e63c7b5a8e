"""A worker of torchrun that writes down how it was started: RANK.json in the
directory that is its first argument."""

import json
import os
import sys

path = os.path.join(sys.argv[1], os.environ["RANK"] + ".json")
with open(path, "w") as f:
    json.dump({"env": dict(os.environ), "command": sys.orig_argv, "name": __name__}, f)
