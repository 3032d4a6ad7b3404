"""A service of the demo: a small real process that lives until it is told to end."""

from __future__ import annotations

import argparse
import signal
import sys


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    name = parser.parse_args().name
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    sys.stdout.write(f"{name} runs\n")
    sys.stdout.flush()
    signal.sigwait(ends)
    sys.stdout.write(f"{name} ends\n")
    return 0


sys.exit(main())
