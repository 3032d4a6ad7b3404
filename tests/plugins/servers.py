"""Starts PostgreSQL and Valkey for the tests, before Django's settings are read.

Named in ``addopts`` (``-p tests.plugins.servers``) because a conftest would come too late: the
settings need the addresses. The controller starts the servers; the workers of pytest-xdist inherit
the environment and take a Redis database each. TEST_DATABASE_URL and TEST_REDIS_URL name servers
that run already; the Redis databases are emptied.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from prg_admin.launcher import servers

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_running: list[tuple[servers.Server, subprocess.Popen[bytes]]] = []
_folder: list[Path] = []


def _start(server: servers.Postgres | servers.Valkey, folder: Path) -> str:
    _running.append((server, servers.start(server, log=folder / f"{server.name}.log")))
    return server.url()


def _set_up() -> None:
    folder = Path(tempfile.mkdtemp(prefix="prg-tests-"))
    _folder.append(folder)
    database = os.environ.get("TEST_DATABASE_URL") or _start(
        servers.Postgres(folder / "postgres", durable=False), folder
    )
    broker = os.environ.get("TEST_REDIS_URL") or _start(
        servers.Valkey(folder / "valkey", durable=False), folder
    )
    os.environ["DATABASE_URL"] = database
    os.environ["REDIS_URL"] = broker
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(32)
    os.environ["PRG_VAR_DIR"] = str(folder / "var")
    (folder / "var").mkdir()


def _tear_down() -> None:
    while _running:
        servers.stop(*_running.pop())
    while _folder:
        shutil.rmtree(_folder.pop())


def _own_corner(worker: str) -> None:
    """Each worker has its own Redis database and its own folder; pytest-django does PostgreSQL."""
    number = int(worker.removeprefix("gw")) + 1
    address, _, _ = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{address}/{number}"
    var = Path(os.environ["PRG_VAR_DIR"]) / worker
    var.mkdir(exist_ok=True)
    os.environ["PRG_VAR_DIR"] = str(var)


def pytest_unconfigure() -> None:
    _tear_down()


if WORKER:
    _own_corner(WORKER)
else:
    try:
        _set_up()
    except BaseException:
        _tear_down()
        raise
