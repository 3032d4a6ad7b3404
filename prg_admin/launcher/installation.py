"""The files by which an installation knows itself again: its lock and ``installation.json``."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from prg_admin.launcher.config import Config, check_folder, check_port
from prg_admin.launcher.output import RefusalError

FILE = "installation.json"


def refuse_early(config: Config) -> None:
    """Say what is wrong before a minute of installing."""
    with checked(config):
        pass


@contextlib.contextmanager
def checked(config: Config) -> Iterator[None]:
    """Hold the installation after all checks; refuses with one sentence."""
    check_folder(config.var)
    # The lock first: who starts the same installation twice would also find its port taken.
    with lock(config):
        check_port(config.port)
        yield


def lock(config: Config) -> IO[str]:
    """Hold ``PRG_VAR_DIR`` for this process; the kernel lets go of it when the process ends."""
    for folder in (config.run, config.log):
        folder.mkdir(mode=0o700, exist_ok=True)
    file = (config.run / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise RefusalError(
            f"The installation in {config.var} runs already (process {owner}); stop it, "
            "or start a second one with another PRG_VAR_DIR and another PORT."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    # An installation that starts anew takes the wall's time anew (see ``lib.clock``).
    (config.run / "clock.json").unlink(missing_ok=True)
    return file


def read(config: Config) -> dict[str, Any]:
    path = config.var / FILE
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise RefusalError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise RefusalError(f"{path} must hold a JSON object.")
    return data


def with_secrets(config: Config, known: dict[str, Any]) -> dict[str, Any]:
    """What is known of the installation, and new secrets where it has none yet."""
    made = {
        "secret_key": secrets.token_urlsafe(50),
        "database_password": secrets.token_hex(24),
        "redis_password": secrets.token_hex(24),
    }
    given = {"secret_key": config.secret_key} if config.secret_key else {}
    return made | known | given | {"port": config.port}


def write(config: Config, data: dict[str, Any]) -> None:
    write_json(config.var / FILE, data)


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Readable by the owner only, and never half written for those who read meanwhile."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    draft.replace(path)
