"""Runs a benchmark alone with servers of its own; prints its part of the document.

``python -m prg_admin.launcher.sandbox python -m benchmarks.sweeps PART [COUNT...]``: the engine of
a running installation would look at the same nodes at the same time.
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
    from benchmarks import many, sweep, users  # noqa: PLC0415 - their models want the settings first

    part, counts = sys.argv[1], tuple(map(int, sys.argv[2:]))
    with tempfile.TemporaryDirectory(prefix="prg-bench-") as folder:
        if part == "many":
            result = many.run(*(counts or (1_000,)))
        elif part == "users":
            result = users.run()
        else:
            result = sweep.run(Path(folder), counts or (1_000, 10_000))
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
