"""A network namespace of the tests' own, with nothing in it but a loopback device."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

INSIDE = "PRG_LAB"
NEEDED = {"unshare": "util-linux", "ip": "iproute2", "nft": "nftables", "faketime": "faketime"}


def is_inside() -> bool:
    return os.environ.get(INSIDE) == "1"


def missing() -> list[str]:
    """Debian packages that are needed and not there."""
    return [package for tool, package in NEEDED.items() if shutil.which(tool) is None]


def install(packages: Sequence[str]) -> bool:
    """As root on a Debian; False where that is not possible."""
    if not packages:
        return True
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    quiet = {"stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)  # type: ignore[call-overload]
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, **quiet)  # type: ignore[call-overload]
    return True


def run_inside(command: Sequence[str]) -> int:
    """Run the command in a new namespace; its exit code. Users may do it as well as root."""
    enter = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    script = 'ip link set lo up && exec "$@"'
    done = subprocess.run(
        [*enter, "sh", "-c", script, "sh", *command],
        env={**os.environ, INSIDE: "1"},
        check=False,
    )
    return done.returncode


def main(arguments: Sequence[str]) -> int:
    if not install(missing()):
        sys.stderr.write(f"The lab needs the packages {', '.join(missing())}; it was not run.\n")
        return 1 if os.environ.get("CI") == "true" else 0
    pytest = [sys.executable, "-m", "pytest", "tests/lab", *arguments]
    return run_inside(pytest)
