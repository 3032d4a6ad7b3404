"""``python -m benchmarks``: failovers, a changed cell, sweeps, pages, users, as ratios of one run.

A whole installation is started for it. Beside each measurement the bare cost of the same steps is
measured on the same machine in the same minute; only the ratios can be compared between machines.
Prints one JSON document. Nothing here fails because something took long.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import admin_pages, drills, failover, machine, pages
from prg_admin.launcher.spawn import free_port
from tests.scenarios.installation import Installation
from tests.scenarios.person import Person

INSTALLED = ("failover", "page", "drills")
"""Measured on one whole installation."""
ALONE = ("sweep", "many", "admin", "users")
PARTS = (*INSTALLED, *ALONE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="failovers measured")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
        help=f"what to measure, of: {', '.join(PARTS)}",
    )  # fmt: skip
    options = parser.parse_args()
    wanted = [part for part in PARTS if part in options.only]
    before = os.getloadavg()[0]
    results: dict[str, Any] = {}
    if set(wanted) & set(INSTALLED):
        results |= _installed(wanted, options.rounds)
    for part in wanted:
        if part in ALONE:
            results[part] = _alone(part)
    results["machine"] = machine.facts(load_before=before)
    print(json.dumps(results, indent=2))
    return 0


def _alone(part: str) -> dict[str, Any]:
    """In a process with servers of its own: a running engine would look at the same nodes."""
    if part == "admin":
        return admin_pages.measured()
    sandbox = [sys.executable, "-m", "prg_admin.launcher.sandbox"]
    command = [*sandbox, sys.executable, "-m", "benchmarks.sweeps", part]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _installed(wanted: list[str], rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="prg-bench-") as folder:
        installation = Installation(Path(folder), free_port())
        try:
            installation.bring_up()
            person = Person(installation)
            measures: dict[str, Callable[[], dict[str, Any]]] = {
                "failover": lambda: failover.measure(installation, person, rounds=rounds),
                "page": lambda: pages.measure(installation, person),
                "drills": lambda: drills.measure(installation, person, rounds=max(3, rounds // 2)),
            }
            return {part: measures[part]() for part in wanted if part in measures}
        finally:
            installation.bring_down()


if __name__ == "__main__":
    sys.exit(main())
