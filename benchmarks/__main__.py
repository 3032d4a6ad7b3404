"""``python -m benchmarks``: failovers, a changed cell, and sweeps, as ratios of one run.

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
from pathlib import Path
from typing import Any

from benchmarks import drills, failover, machine, pages
from prg_admin.launcher.spawn import free_port
from tests.scenarios.installation import Installation
from tests.scenarios.person import Person


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="failovers measured")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="prg-bench-") as folder:
        installation = Installation(Path(folder), free_port())
        try:
            installation.bring_up()
            results = _measure(installation, rounds)
        finally:
            installation.bring_down()
    results["sweep"] = _sweeps()
    print(json.dumps(results, indent=2))
    return 0


def _sweeps() -> dict[str, Any]:
    sandbox = [sys.executable, "-m", "prg_admin.launcher.sandbox"]
    command = [*sandbox, sys.executable, "-m", "benchmarks.sweeps"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _measure(installation: Installation, rounds: int) -> dict[str, Any]:
    before = os.getloadavg()[0]
    person = Person(installation)
    return {
        "failover": failover.measure(installation, person, rounds=rounds),
        "page": pages.measure(installation, person),
        "drills": drills.measure(installation, person, rounds=max(3, rounds // 2)),
        "machine": machine.facts(load_before=before),
    }


if __name__ == "__main__":
    sys.exit(main())
