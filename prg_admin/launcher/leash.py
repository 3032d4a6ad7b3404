"""Run a command that ends with its parent: ``python leash.py SIGNAL PARENT-PID USER COMMAND...``.

Started by path, so it imports nothing of the project. Replaces itself by the command; the kernel
then sends SIGNAL to it as soon as the parent is gone, however the parent went. Elsewhere than on
Linux it only runs the command. USER may be empty; it is taken on here and not by the parent,
because that user may be unable to read this Python.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    death_signal, parent, user, *command = arguments
    if user:
        become(user)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        # The parent may have died before the line above; nobody would tell us any more.
        if os.getppid() != int(parent):
            sys.exit(f"{command[0]}: not started, its parent is gone")
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here


def become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(sys.argv[1:])
