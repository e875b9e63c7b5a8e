"""Fills the home folder that the programs of the scenarios are shown."""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))

AUTHOR = {
    "GIT_AUTHOR_NAME": "Demo", "GIT_AUTHOR_EMAIL": "demo@example.com",
    "GIT_COMMITTER_NAME": "Demo", "GIT_COMMITTER_EMAIL": "demo@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
    "PATH": os.environ["PATH"],
}


def make(home):
    shutil.copytree(os.path.join(HERE, "demo"), home)
    history(home)


def history(home):
    """A history with two branches, the same each time."""
    when = 1_700_000_000

    def git(*args):
        nonlocal when
        when += 3600
        date = f"{when} +0000"
        subprocess.run(["git", *args], cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**AUTHOR, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date})

    def change(name, text, message):
        with open(os.path.join(home, name), "a") as f:
            f.write(text + "\n")
        git("add", name)
        git("commit", "-q", "-m", message)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first commit")
    for i in range(4):
        change("notes.txt", f"change {i} of the notes", f"change {i} of the notes")
        git("checkout", "-q", "-b", f"topic-{i}")
        change("hello.c", f"/* topic {i} */", f"topic {i}: add a comment 漢字")
        change(f"topic-{i}.txt", f"text {i}", f"topic {i}: add a file with a message that is a good deal longer than the line is wide")
        git("checkout", "-q", "main")
        change("long.txt", f"more {i}", f"more lines, {i}")
        git("merge", "-q", "--no-ff", f"topic-{i}", "-m", f"Merge topic {i}")
        git("tag", f"v0.{i}")
