"""At most one wake-up of a group lies ahead, as far as one process knows.

Each sweep and each call-in has a suspect group evaluated, and each evaluation asks to be woken for
the next one. Without this every one of them would begin a row of wake-ups of its own, and a group
would be looked at more and more often the longer it stays suspect.
"""

from __future__ import annotations

import time

EARLY_S = 0.05
"""A wake-up may come so much too soon; it has then not to keep its successor away."""


class Wakes:
    """Of many threads each operation is one step of a dictionary; two wake-ups do no harm."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}

    def is_needed(self, group_id: int, wake_in: float, *, now: float) -> bool:
        """False when one lies ahead that is no later. True counts as asked for."""
        ahead = self._at.get(group_id, now)
        if now + EARLY_S < ahead <= now + wake_in:
            return False
        self._at[group_id] = now + wake_in
        return True

    def ask(self, group_id: int, wake_in: float) -> bool:
        return self.is_needed(group_id, wake_in, now=time.monotonic())


wakes = Wakes()
