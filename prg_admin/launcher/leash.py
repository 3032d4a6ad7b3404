"""Run a command that ends with its parent: ``python leash.py SIGNAL PARENT-PID COMMAND...``.

Started by path, so it imports nothing of the project. Replaces itself by the command; the kernel
then sends SIGNAL to it as soon as the parent is gone, however the parent went. Elsewhere than on
Linux it only runs the command.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    death_signal, parent = int(arguments[0]), int(arguments[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        # The parent may have died before the line above; nobody would tell us any more.
        if os.getppid() != parent:
            sys.exit(f"{arguments[2]}: not started, its parent is gone")
    os.execvp(arguments[2], arguments[2:])  # noqa: S606 - no shell is wanted here


if __name__ == "__main__":
    main(sys.argv[1:])
