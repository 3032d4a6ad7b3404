"""Processes of this machine, told apart by pid and start time, and how leftovers are ended.

A pid alone may long belong to somebody else; pid and start time together name one process. What
an agent starts also carries a mark of the agent's state folder in its environment: so a successor
finds what its predecessor started but had no time to write down, and what its services started in
turn.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "PRG_ADMIN_AGENT_STATE"
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessId:
    pid: int
    started: int
    """Clock ticks after boot, field 22 of ``/proc/<pid>/stat``."""


class ProcessStaysError(Exception):
    """A process could not be ended; the text names it."""


def mark_of(state_dir: Path) -> str:
    """Device and inode: the same path in another container is another folder."""
    status = state_dir.stat()
    return f"{status.st_dev}:{status.st_ino}"


def identify(pid: int) -> ProcessId | None:
    """None when there is no such process, or only its zombie."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the command in parentheses and may hold anything, blanks included.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else ProcessId(pid, int(fields[19]))


def marked(mark: str) -> list[ProcessId]:
    """Living processes, other than this one, that carry the mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in _PROC.iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        # Processes of other users cannot be read, and are none of ours.
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(identify(int(folder.name)))
    return [process for process in found if process is not None]


def fence(recorded: Iterable[ProcessId], *, mark: str, timeout_s: float = 10.0) -> list[int]:
    """End what a predecessor left, with the process groups, and wait until it is gone.

    Returns the pids. Raises :class:`ProcessStaysError` when one outlives ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    left = {p for p in recorded if identify(p.pid) == p} | set(marked(mark))
    for process in sorted(left, key=lambda p: p.pid):
        _end(process, deadline)
    # Between the look and the kill a leftover may have started another process.
    again = marked(mark)
    for process in again:
        _end(process, deadline)
    return sorted({p.pid for p in left} | {p.pid for p in again})


def _end(process: ProcessId, deadline: float) -> None:
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        # Asked again now that the handle holds the process: the pid cannot change hands any more.
        if identify(process.pid) != process:
            return
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise ProcessStaysError(f"Process {process.pid} of an earlier agent cannot be ended.")
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
