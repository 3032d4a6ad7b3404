"""Children of children: whoever loses its parent becomes a child of the launcher, which ends it.

An agent may be killed while its services go on; that is meant, it takes them up again. But when the
whole installation stops, they stop too.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
_PARENT_FIELD = 1  # of /proc/<pid>/stat, counted behind the name of the command


def adopt() -> None:
    """From now on orphans below this process become its children (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def children() -> list[int]:
    """Processes whose parent is this one, zombies included."""
    mine = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(text.rpartition(")")[2].split()[_PARENT_FIELD]) == os.getpid():
            mine.append(int(folder.name))
    return mine


def bury(known: set[int]) -> None:
    """Collect dead orphans at once: as zombies they would look alive to those who ask for them."""
    for pid in set(children()) - known:
        os.waitpid(pid, os.WNOHANG)


def end_all() -> None:
    """Kill whatever is still below this process, and what that had below it."""
    while left := children():
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
