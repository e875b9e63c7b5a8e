"""Answers for torchrun: reads questions as one JSON list from stdin, writes the answers as another."""

import contextlib
import io
import json
import os
import sys
from argparse import Namespace

from torch.distributed.elastic.multiprocessing.api import Std
from torch.distributed.elastic.rendezvous.utils import _parse_rendezvous_config, parse_rendezvous_endpoint
from torch.distributed.elastic.utils.api import macros
from torch.distributed.run import get_args_parser, parse_min_max_nnodes


def walk(args):
    """What was set on the command line; everything else is absent."""
    parser = get_args_parser()
    blank = Namespace(**{a.dest: None for a in parser._actions if a.dest != "help"})
    found = vars(parser.parse_args(args, blank))
    return {k: v for k, v in found.items() if v is not None}


def env(args, variables):
    os.environ.update(variables)
    try:
        return vars(get_args_parser().parse_args(args))
    finally:
        for name in variables:
            del os.environ[name]


def std(text):
    with contextlib.suppress(AttributeError):  # of an enum that newer Pythons know differently
        Std.from_str(text)
    return True


questions = {
    "walk": walk,
    "env": env,
    "std": std,
    "conf": _parse_rendezvous_config,
    "endpoint": parse_rendezvous_endpoint,
    "macros": lambda text, rank: macros.substitute([text], str(rank))[0],
    "nodes": parse_min_max_nnodes,
}

answers = []
for kind, *args in json.load(sys.stdin):
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            answers.append({"ok": questions[kind](*args)})
    except SystemExit as e:
        answers.append({"help": True} if e.code == 0 else {"error": str(e.code)})
    except (ValueError, RuntimeError) as e:
        answers.append({"error": str(e)})
json.dump(answers, sys.stdout)
