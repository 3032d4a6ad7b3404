"""``python -m prg_admin.launcher``: run an installation, or talk to the one that runs.

This file runs with whatever Python there is; all it needs is the standard library.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - older Pythons come here, to be told
    sys.stderr.write(f"PRG Admin needs Python 3.11 or newer; this is {sys.version.split()[0]}.\n")
    raise SystemExit(2)

import argparse
import os

from prg_admin.launcher import bootstrap, config, control, installation
from prg_admin.launcher.output import Clock, RefusalError

EXIT_REFUSED = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m prg_admin.launcher", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything and stay")
    run.add_argument("--no-restart", default="", metavar="NAMES", help="these stay down")
    install = commands.add_parser("install", help="create .venv and install packages, no more")
    install.add_argument("--dev", action="store_true", help="with what tests and checks need")
    for verb in ("start", "stop", "restart"):
        commands.add_parser(verb, help=f"{verb} one process").add_argument("name")
    commands.add_parser("status", help="the processes of the running installation")
    return parser


def _run(no_restart: str) -> int:
    # Said before a minute of installing, and once more by the environment's own Python.
    installation.refuse_early(config.read(os.environ, no_restart=no_restart))
    python = str(bootstrap.ensure("requirements.txt"))
    arguments = ["--since", str(Clock.since), "--no-restart", no_restart]
    os.chdir(config.ROOT)
    os.execv(python, [python, "-m", "prg_admin.launcher.run", *arguments])  # noqa: S606


def main() -> int:
    options = _parser().parse_args()
    try:
        if options.command == "run":
            return _run(options.no_restart)
        if options.command == "install":
            bootstrap.ensure("requirements-dev.txt" if options.dev else "requirements.txt")
            return 0
        name = getattr(options, "name", "")
        print(control.ask(config.read(os.environ), options.command, name))
    except RefusalError as error:
        print(error, file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
