"""A worker of torchrun that writes by ways that do not go through Python's
sys.stdout: the C library, the system call, and a program of its own."""

import ctypes
import os
import subprocess
import sys

libc = ctypes.CDLL(None)
libc.printf(b"from C\n")
libc.fflush(None)
os.write(1, b"from the system call\n")
subprocess.run(["sh", "-c", "echo from a child; echo from a child >&2"], check=True)
print("from Python")
print("from Python", file=sys.stderr)
