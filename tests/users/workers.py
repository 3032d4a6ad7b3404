"""Workers to be killed with -9: a job's steps in a process of its own, a whole Celery worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prg_admin.launcher.spawn import end, spawn
from tests.live.conftest import test_database_url as database_url

CELERY = (
    *("celery", "-A", "prg_admin.celery", "worker", "-P", "threads", "-c", "2"),
    *("--without-gossip", "--without-mingle", "-Q", "default", "-n", "chores@%h"),
)


def environment() -> dict[str, str]:
    own = {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "prg_admin.settings"}
    return os.environ | own


def die_at(job_id: int, words: str) -> None:
    """Steps of the job in a process that kills itself before the statement with these words."""
    command = [sys.executable, "-m", "tests.users.killed", str(job_id), words]
    killed = subprocess.run(command, env=environment(), check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL


@contextmanager
def celery_worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The worker of the queue ``default``, on the tests' database and broker."""
    command = [sys.executable, "-m", *CELERY]
    process = spawn(command, log=log, death_signal=signal.SIGKILL, env=environment())
    try:
        yield process
    finally:
        if process.poll() is None:
            end(process, signal.SIGTERM, seconds=10)
