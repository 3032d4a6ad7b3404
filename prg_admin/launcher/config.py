"""What the person decides by environment variables, checked before anything is started."""

from __future__ import annotations

import errno
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prg_admin.launcher.output import RefusalError

ROOT = Path(__file__).resolve().parents[2]
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Config:
    var: Path
    port: int
    database_url: str = ""
    redis_url: str = ""
    secret_key: str = ""
    admin_password: str = ""
    no_restart: frozenset[str] = frozenset()
    """Processes that stay down when they die, for those who want to start them by hand."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def nodes(self) -> Path:
        return self.var / "nodes"


def read(environ: Mapping[str, str], *, no_restart: str = "") -> Config:
    words = (no_restart or environ.get("PRG_NO_RESTART", "")).replace(",", " ")
    return Config(
        var=Path(environ.get("PRG_VAR_DIR") or ROOT / "var").resolve(),
        port=_port(environ.get("PORT") or "8000"),
        database_url=environ.get("DATABASE_URL", ""),
        redis_url=environ.get("REDIS_URL", ""),
        secret_key=environ.get("SECRET_KEY", ""),
        admin_password=environ.get("PRG_ADMIN_PASSWORD", ""),
        no_restart=frozenset(words.split()),
    )


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= HIGHEST_PORT:
        raise RefusalError(f"PORT must be a number from 1 to {HIGHEST_PORT}, not '{text}'.")
    return number


def check_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RefusalError(
            f"The folder PRG_VAR_DIR={folder} cannot be written ({error.strerror}); "
            "name another one with PRG_VAR_DIR."
        ) from error


def check_port(port: int) -> None:
    with socket.socket() as probe:
        # As the web server will do it: connections of a former run that still close do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"({error.strerror})"
            raise RefusalError(
                f"Port {port} {why}; choose another one, for example: PORT={_other(port)} make run"
            ) from error


def _other(port: int) -> int:
    return port + 1 if HIGHEST_PORT > port >= 1024 else 8000  # noqa: PLR2004 - first free for all
