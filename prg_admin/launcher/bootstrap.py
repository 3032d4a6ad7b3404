"""Make ``.venv`` and install the pinned packages; only what Python itself brings is used here."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from prg_admin.launcher.config import ROOT
from prg_admin.launcher.output import RefusalError, say

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def ensure(requirements: str) -> Path:
    """The Python that has everything of ``requirements``; installs what is missing."""
    with _alone():
        _make_venv()
        wanted = _fingerprint(requirements)
        stamp = VENV / f".{requirements}.stamp"
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(requirements)
            stamp.write_text(wanted)
    return PYTHON


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two first starts at once in one tree must not install over each other."""
    try:
        VENV.mkdir(exist_ok=True)
        file = (VENV / ".lock").open("w")
    except OSError as error:
        raise RefusalError(f"{VENV} cannot be written ({error.strerror}).") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another start that installs packages")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    check = [str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def _make_venv() -> None:
    if _works(PYTHON):
        return
    say(f"Creating the virtual environment {VENV} (Python {sys.version.split()[0]})")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode:
        words = " ".join((made.stdout + made.stderr).split())
        raise RefusalError(f"{VENV} cannot be created (on Debian: install python3-venv): {words}")


def _fingerprint(requirements: str) -> str:
    """Changes with any pinned version and with the Python that has the packages."""
    listed = b"".join((ROOT / name).read_bytes() for name in {"requirements.txt", requirements})
    version = subprocess.run([str(PYTHON), "-VV"], check=True, capture_output=True).stdout
    return hashlib.sha256(listed + version).hexdigest()


def _install(requirements: str) -> None:
    say(f"Installing the packages of {requirements}; the first time this takes a minute")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--progress-bar", "off", "--root-user-action", "ignore", "-r", str(ROOT / requirements)]
    tail: list[str] = []
    with subprocess.Popen(
        pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_quiet()
    ) as process:
        for line in process.stdout or ():
            tail = [*tail[-4:], line.strip()]
            word, _, rest = line.strip().partition(" ")
            if word == "Collecting":
                say(f"  {rest.partition(' (from')[0]}")
            elif word == "Installing":
                say("  unpacking")
    if process.returncode:
        raise RefusalError(f"The packages cannot be installed: {' / '.join(tail)}")


def _quiet() -> dict[str, str]:
    return os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": ""}
