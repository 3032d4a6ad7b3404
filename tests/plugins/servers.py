"""Starts PostgreSQL and Valkey for the tests, before Django's settings are read.

Named in ``addopts`` (``-p tests.plugins.servers``) because a conftest would come too late: the
settings need the addresses. The controller starts the servers; the workers of pytest-xdist inherit
the environment and take a Redis database each.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit

from prg_admin.launcher import catalogues
from prg_admin.launcher.sandbox import sandbox

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_stack = contextlib.ExitStack()


def _own_corner(worker: str) -> None:
    """Each worker has its own Redis database and its own folder; pytest-django does PostgreSQL."""
    number = int(worker.removeprefix("gw")) + 1
    address = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = address._replace(path=f"/{number}").geturl()
    var = Path(os.environ["PRG_VAR_DIR"]) / worker
    var.mkdir(exist_ok=True)
    os.environ["PRG_VAR_DIR"] = str(var)


def pytest_unconfigure() -> None:
    _stack.close()


if WORKER:
    _own_corner(WORKER)
else:
    catalogues.compile_all()
    os.environ.update(_stack.enter_context(sandbox()))
