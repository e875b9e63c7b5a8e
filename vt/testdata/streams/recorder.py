"""Records what a program writes to its terminal.

The program runs on a pty; @xterm/headless (../xterm/oracle.js) stands for the
terminal behind it and answers the program's questions. A scenario types keys
and marks the moments when the screen has come to rest. Two files come out:

    NAME.raw.gz   the bytes, as the pty's master gave them
    NAME.json     the size, and what happened at which offset: an object has
                  "at" (bytes before it) and "check" (a name for the moment) or
                  "resize" (columns and rows)
"""

import base64
import fcntl
import gzip
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = "/tmp/demo"
LIMIT = 60_000  # bytes of a stream; a scenario that gives more is too long

ENVIRONMENT = {
    "HOME": HOME,
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/libexec/ncurses-examples",
    "SHELL": "/bin/bash",
    "USER": "demo",
    "LOGNAME": "demo",
    "TZ": "UTC",
    "PS1": "$ ",
}


class Oracle:
    def __init__(self):
        self.node = subprocess.Popen(
            ["node", os.path.join(HERE, "..", "xterm", "oracle.js")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, *steps):
        self.node.stdin.write(json.dumps(steps).encode() + b"\n")
        self.node.stdin.flush()
        line = self.node.stdout.readline()
        if not line:
            raise SystemExit("oracle: node ended; is npm ci done in testdata/xterm?")
        return json.loads(line)


class Session:
    """One program on one pty."""

    def __init__(self, oracle, name, about, argv, cols=80, rows=24, env=None):
        self.oracle, self.name, self.about = oracle, name, about
        self.cols, self.rows = cols, rows
        self.bytes, self.events, self.ended = b"", [], False
        oracle.ask({"new": {"cols": cols, "rows": rows}})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # The size has to be there before the program asks for it.
            set_size(0, cols, rows)
            os.chdir(HOME)
            # A process number space of its own: programs that show processes
            # show those of the scenario, not those of this machine.
            argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] + argv
            os.execvpe(argv[0], argv, {**ENVIRONMENT, **(env or {})})

    def settle(self, quiet=0.3, most=6.0):
        """Reads until nothing has come for quiet seconds."""
        end = time.monotonic() + most
        while not self.ended and time.monotonic() < end:
            if not select.select([self.fd], [], [], quiet)[0]:
                return
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""  # EIO: the last of the program is gone
            if not data:
                self.ended = True
                return
            self.bytes += data
            answer = self.oracle.ask({"write": base64.b64encode(data).decode()}, {"answer": True})
            reply = base64.b64decode(answer[0]["replies"])
            if reply:
                os.write(self.fd, reply)

    def screen(self):
        seen = self.oracle.ask({"check": {}})[0]
        return "\n".join("".join(t or " " for t, w in zip(l["text"], l["width"]) if w != "0").rstrip() for l in seen["lines"])

    def wait(self, text, most=10.0):
        """Waits until text is on the screen."""
        end = time.monotonic() + most
        while text not in self.screen():
            if self.ended or time.monotonic() > end:
                raise SystemExit(f"{self.name}: {text!r} did not come; the screen is\n{self.screen()}")
            self.settle(quiet=0.1, most=0.5)

    def check(self, name, quiet=0.3, most=6.0):
        self.settle(quiet, most)
        last = self.events[-1] if self.events else {}
        if last.get("at") != len(self.bytes) or "check" not in last:
            self.events.append({"at": len(self.bytes), "check": name})
        if os.environ.get("SHOW"):
            print(f"--- {self.name}: {name} at {len(self.bytes)}\n{self.screen()}")

    def keys(self, keys, name=None, quiet=0.3, most=6.0):
        """Types keys, all at once, and marks the moment after them."""
        if not self.ended:
            os.write(self.fd, keys.encode())
        self.check(name or "after " + json.dumps(keys, ensure_ascii=False)[1:-1][:40], quiet, most)

    def type(self, text, name=None):
        """Types text as a person does, a key at a time."""
        for c in text:
            os.write(self.fd, c.encode())
            self.settle(quiet=0.03, most=0.5)
        self.check(name or "typed " + text)

    def resize(self, cols, rows):
        self.settle()
        self.events.append({"at": len(self.bytes), "resize": [cols, rows]})
        self.oracle.ask({"resize": [cols, rows]})
        set_size(self.fd, cols, rows)
        self.check(f"at {cols}x{rows}")

    def end(self, folder):
        """Lets the program end by itself or ends it, and writes the files."""
        self.settle(quiet=0.5)
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        if not self.events or self.events[-1]["at"] != len(self.bytes):
            self.events.append({"at": len(self.bytes), "check": "end"})
        if len(self.bytes) > LIMIT:
            raise SystemExit(f"{self.name}: {len(self.bytes)} bytes are more than {LIMIT}; do less")
        with open(os.path.join(folder, self.name + ".raw.gz"), "wb") as f:
            # No time in the header: the same bytes give the same file.
            f.write(gzip.compress(self.bytes, 9, mtime=0))
        with open(os.path.join(folder, self.name + ".json"), "w") as f:
            events = ",\n    ".join(json.dumps(e, ensure_ascii=False) for e in self.events)
            f.write(f'{{\n  "about": {json.dumps(self.about, ensure_ascii=False)},\n  "cols": {self.cols},\n  "rows": {self.rows},\n  "events": [\n    {events}\n  ]\n}}\n')
        checks = sum("check" in e for e in self.events)
        print(f"{self.name}: {len(self.bytes)} bytes, {checks} checks")


def set_size(fd, cols, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
