"""Start a child process that never outlives this one, in a session of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.02


def leashed(command: list[str], death_signal: signal.Signals, user: str | None) -> list[str]:
    """The command line that ties ``command`` to the process that starts it."""
    leash = [sys.executable, "-I", "-S", str(LEASH), str(int(death_signal)), str(os.getpid())]
    return [*leash, user or "", *command]


def spawn(
    command: list[str],
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGKILL,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command``; its output is appended to ``log``.

    Call it from the main thread only: the kernel sends the death signal when the *thread* ends.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            leashed(command, death_signal, user),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd=cwd,
            # Ctrl-C reaches the launcher alone, which then ends its children in order.
            start_new_session=True,
        )


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Ask again and again until ``condition`` holds; False when it did not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(process: subprocess.Popen[bytes], how: signal.Signals, *, seconds: float) -> None:
    """Ask ``process`` to end and wait for it; after ``seconds`` it is killed."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log, for the sentence that says why a process did not come up."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())
