"""The engine's clock: starts with the wall clock and then only runs on.

A wall clock that is stepped (by hand, or by a time server after a long outage) must neither end a
transition early nor hold one up, nor make a node look silent. So the wall's time is taken once and
counted on from there, and what was taken is kept in a file that all processes of the installation
share: one that starts after the step goes by the same clock as those that started before it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

FILE = "clock.json"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def shared_beginning(folder: Path) -> float:
    """The wall's time, seconds, at which the machine started; as the first process found it."""
    now = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    try:
        boot = _BOOT_ID.read_text().strip()
        handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return now  # no installation here: this process goes by itself
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        kept = _read(file.read(), boot)
        if kept is None:
            file.seek(0)
            file.truncate()
            json.dump({"boot": boot, "began": now}, file)
        return now if kept is None else kept


def _read(text: str, boot: str) -> float | None:
    """None when it is of an earlier start of the machine."""
    try:
        data = json.loads(text)
        return float(data["began"]) if data["boot"] == boot else None
    except (ValueError, KeyError, TypeError):
        return None


_began = datetime.fromtimestamp(shared_beginning(settings.VAR_DIR / "run"), UTC)


def steady_now() -> datetime:
    """Aware; never jumps while the installation runs, whatever happens to the wall clock."""
    return _began + timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))
