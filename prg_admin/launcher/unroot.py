"""PostgreSQL refuses to run as root; here is how it runs all the same.

First choice: a user namespace in which this process is ``nobody``. Outside of it all files stay
root's, no folder has to be opened to others. Where the kernel forbids that: really as ``nobody``.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import subprocess
from pathlib import Path

NOBODY = "nobody"


@functools.cache
def namespace() -> list[str]:
    """The command in front that makes root look like nobody; empty where it does not work."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    # The mapped number must be in the user database, or PostgreSQL does not know who it is.
    number = pwd.getpwnam(NOBODY)
    command = [unshare, "-U", f"--map-user={number.pw_uid}", f"--map-group={number.pw_gid}"]
    tried = subprocess.run([*command, "true"], check=False, capture_output=True)
    return command if tried.returncode == 0 else []


def way_out(folder: Path) -> tuple[list[str], str | None]:
    """Command in front and user for a server whose data lies in ``folder``, which it creates."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return [], None
    if prefix := namespace():
        return prefix, None
    if folder.stat().st_uid != pwd.getpwnam(NOBODY).pw_uid:
        hand_over(folder)
    return [], NOBODY


def hand_over(path: Path) -> None:
    """Give a folder and all in it to nobody."""
    for each in [path, *path.rglob("*")]:
        shutil.chown(each, NOBODY)


def write_secret(path: Path, text: str, user: str | None) -> None:
    """Write a file that only its owner reads, from its first moment on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    if user:
        shutil.chown(path, user)
