"""What the launcher tells the person at the terminal: lines with the seconds since the start."""

from __future__ import annotations

import os
import sys
import time


class RefusalError(Exception):
    """Why nothing was started, in one sentence for the person at the terminal."""


class Clock:
    """Seconds since the launcher was called, kept across the change into the environment."""

    since = time.time()


def say(text: str) -> None:
    """Print one line at once; a terminal that went away must not stop an orderly stop."""
    try:
        print(f"[{time.time() - Clock.since:6.1f} s] {text}", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
