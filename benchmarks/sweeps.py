"""Runs the sweep's benchmark with servers of its own; prints its part of the document.

``python -m prg_admin.launcher.sandbox python -m benchmarks.sweeps``: the engine of a running
installation would look at the same nodes at the same time.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "prg_admin.settings"
    # A kept connection to each of 10,000 nodes.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    django.setup()
    call_command("migrate", verbosity=0)
    from benchmarks import sweep  # noqa: PLC0415 - its models want the settings first

    counts = tuple(map(int, sys.argv[1:])) or (1_000, 10_000)
    with tempfile.TemporaryDirectory(prefix="prg-bench-") as folder:
        print(json.dumps(sweep.run(Path(folder), counts)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
