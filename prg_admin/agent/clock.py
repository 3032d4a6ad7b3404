"""The clock of the agent and of its door.

CLOCK_BOOTTIME is monotonic like CLOCK_MONOTONIC, but goes on while the machine is suspended: a node
that wakes up must find its right to serve expired. It is one clock for all processes of a machine,
so the agent can tell its door a point in time.
"""

from __future__ import annotations

import time


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
