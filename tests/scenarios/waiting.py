"""Waiting, always with a deadline, and always saying what was seen instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE = 60.0
"""Seconds. Far more than anything takes: a test must not fail because its machine is busy."""
POLL = 0.02


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = DEADLINE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL)


def becomes(read: Callable[[], T], wanted: T, *, seconds: float = DEADLINE) -> None:
    """Wait until ``read`` gives what is wanted; a failure tells the way it took instead."""
    way: list[T] = []
    deadline = time.monotonic() + seconds
    while (seen := read()) != wanted:
        if not way or way[-1] != seen:
            way.append(seen)
        if time.monotonic() > deadline:
            told = "\n  ".join(str(step) for step in way)
            raise AssertionError(f"not within {seconds:g} s: {wanted}; seen was\n  {told}")
        time.sleep(POLL)


def stays(read: Callable[[], T], wanted: T, *, seconds: float) -> None:
    """Look all the time; fails at the first other value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (seen := read()) != wanted:
            raise AssertionError(f"it did not stay {wanted}; it became {seen}")
        time.sleep(POLL)
