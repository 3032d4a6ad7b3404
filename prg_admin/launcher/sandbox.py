"""Throw-away servers for tests and checks: ``python -m prg_admin.launcher.sandbox COMMAND...``.

TEST_DATABASE_URL and TEST_REDIS_URL name servers that run already; their data is thrown away too.
The ordinary DATABASE_URL and REDIS_URL are left alone on purpose: somebody works with those.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from prg_admin.launcher import servers
from prg_admin.launcher.output import RefusalError


@contextlib.contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """The settings of an empty installation whose servers live as long as the context."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="prg-sandbox-"))
        stack.callback(shutil.rmtree, folder)
        var = folder / "var"
        var.mkdir()
        yield {
            "DATABASE_URL": os.environ.get("TEST_DATABASE_URL")
            or _running(servers.Postgres(folder / "postgres", durable=False), folder, stack),
            "REDIS_URL": os.environ.get("TEST_REDIS_URL")
            or _running(servers.Valkey(folder / "valkey", durable=False), folder, stack),
            "SECRET_KEY": secrets.token_urlsafe(32),
            "PRG_VAR_DIR": str(var),
        }


def _running(
    server: servers.Postgres | servers.Valkey, folder: Path, stack: contextlib.ExitStack
) -> str:
    process = servers.start(server, log=folder / f"{server.name}.log")
    stack.callback(servers.stop, server, process)
    return server.url()


def main(command: list[str]) -> int:
    try:
        with sandbox() as settings:
            return subprocess.run(command, check=False, env=os.environ | settings).returncode
    except RefusalError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
