"""``make soak-model MINUTES=n [SEED=s]``: random lives of the pure core for as long as wanted.

Each life is judged as it ends. The histories are kept, compressed, in ``$PRG_VAR_DIR/soak`` (or
``build/soak``): all of a life that breaks an invariant, and the latest of the others.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import time
from pathlib import Path

from prg_admin.domain.invariants import Decided
from tests.domain.lives import live_and_recover
from tests.soak.checker import Record, replays, to_json, wrongs

STEPS = 150
KEPT = 200
"""Lives in one file; two files take turns, so at least so many good ones are kept."""


class Histories:
    """Good lives in two files that take turns, broken ones in one that only grows."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._good = [folder / f"model-{seed}-{turn}.jsonl.gz" for turn in (0, 1)]
        self.broken = folder / f"model-{seed}-broken.jsonl.gz"
        self._lives = 0

    def keep(self, seed: int, history: list[Record], broken: list[str]) -> None:
        path = self.broken
        if not broken:
            path = self._good[self._lives // KEPT % 2]
            if self._lives % KEPT == 0:
                path.unlink(missing_ok=True)
            self._lives += 1
        title = {"kind": "life", "seed": seed, "steps": STEPS, "broken": broken}
        with gzip.open(path, "at", encoding="utf-8") as lines:
            for document in (title, *map(to_json, history)):
                lines.write(json.dumps(document) + "\n")


def lived(seed: int) -> tuple[list[Record], list[str]]:
    """The history of a life, and the names of the invariants that it breaks."""
    history: list[Record] = []
    stopped = []
    try:
        live_and_recover(seed, STEPS, history.append)
    except AssertionError as error:
        stopped = [str(error)]
    broken = [name for name, _ in wrongs(history)]
    broken += ["I18" for record in history if not replays(record)]
    return history, broken or stopped


def folder() -> Path:
    place = os.environ.get("PRG_VAR_DIR")
    return (Path(place) if place else Path("build")) / "soak"


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    first = random.SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
    print(f"seed {first}", flush=True)
    histories = Histories(folder(), first)
    end = time.monotonic() + 60 * asked.minutes
    seed, decisions, failures = first, 0, 0
    while time.monotonic() < end:
        history, broken = lived(seed)
        histories.keep(seed, history, broken)
        decisions += sum(isinstance(record, Decided) for record in history)
        if broken:
            failures += 1
            print(f"seed {seed}: {', '.join(broken)}", flush=True)
        seed += 1
    lives = seed - first
    print(f"{lives} lives, {lives * STEPS} steps, {decisions} changes, {failures} broken")
    print(f"histories in {folder()}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
