"""The engine's clock: starts with the wall clock and then only runs on.

A wall clock that is stepped (by hand, or by a time server after a long outage) must neither end a
transition early nor hold one up. Each process takes the wall's time once and counts on from there.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.utils import timezone

_began_at = timezone.now()
_began = time.clock_gettime(time.CLOCK_BOOTTIME)


def steady_now() -> datetime:
    """Aware; never jumps within a process, whatever happens to the wall clock."""
    return _began_at + timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME) - _began)
