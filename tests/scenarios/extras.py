"""Processes of the engine besides those that the launcher started, or without its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prg_admin.launcher.config import ROOT
from prg_admin.launcher.spawn import end, spawn
from tests.scenarios.installation import Installation
from tests.scenarios.waiting import wait_until

CELERY = (sys.executable, "-m", "celery", "-A", "prg_admin.celery")
STOP_SECONDS = 20.0


@contextmanager
def no_worker(installation: Installation) -> Iterator[None]:
    """What is done meanwhile has happened before the engine looks."""
    installation.stop("worker")
    yield
    installation.start("worker")


@contextmanager
def another_worker(
    installation: Installation, name: str, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Returns when it takes tasks."""
    command = [*CELERY, "worker", "-P", "threads", "-c", "4", "--without-gossip"]
    command += ["--without-mingle", "-Q", "recovery,default", "-n", f"{name}@%h"]
    with _another(installation, name, [*command, "--loglevel", "INFO"], env or {}):
        wait_until(lambda: installation.log_contains(name, " ready."), f"{name} takes tasks")
        yield


@contextmanager
def another_beat(installation: Installation, name: str) -> Iterator[None]:
    schedule = str(installation.var / "run" / f"{name}-schedule")
    command = [*CELERY, "beat", "--pidfile=", "-s", schedule, "--loglevel", "INFO"]
    with _another(installation, name, command, {}):
        wait_until(lambda: installation.log_contains(name, "Sending due task"), f"{name} ticks")
        yield


@contextmanager
def _another(
    installation: Installation, name: str, command: list[str], env: Mapping[str, str]
) -> Iterator[None]:
    log = installation.var / "log" / f"{name}.log"
    log.unlink(missing_ok=True)
    process = spawn(command, log=log, env={**installation.env, **env}, cwd=ROOT)
    try:
        yield
    finally:
        end(process, signal.SIGTERM, seconds=STOP_SECONDS)
