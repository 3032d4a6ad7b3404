"""Reads the history of a pair and says which invariants it breaks.

Single decisions are judged by ``domain.invariants``; here is what only a history shows.
``python -m tests.soak.checker FILE...`` judges kept histories.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from prg_admin.domain.facts import Pair
from prg_admin.domain.invariants import (
    HELD_AFTER,
    HELD_FOR,
    ROW_OF,
    Decided,
    goes_on,
    judged,
)
from prg_admin.domain.pair import Decision
from prg_admin.domain.replay import Case, Recording
from prg_admin.domain.states import NodeState
from prg_admin.domain.strict import plain
from prg_admin.domain.strict import read as read_strictly

AT_REST = {
    NodeState.NORMAL, NodeState.IDLE, NodeState.FAILED_OVER, NodeState.BACKUP, NodeState.FAILED,
    NodeState.UNKNOWN,
}  # fmt: skip
"""Where a pair may be some time after everything was repaired: well, or waiting for a person."""


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves which homes from now on."""

    at: float
    serving: tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Rested:
    """A while after everything was repaired."""

    at: float
    states: tuple[NodeState, NodeState]


Record = Decided | Served | Rested


def wrongs(history: Iterable[Record]) -> Iterator[tuple[str, Record]]:
    """The invariants that are broken, each with the record that shows it."""
    last: Decided | None = None
    failovers: list[datetime] = []
    for record in history:
        if isinstance(record, Served) and record.serving[0] & record.serving[1]:
            yield "I01", record
        elif isinstance(record, Rested) and not set(record.states) <= AT_REST:
            yield "I11", record
        elif isinstance(record, Decided):
            yield from ((wrong, record) for wrong in judged(record))
            if record.decision.changed:
                if last is not None and not goes_on(last, record):
                    yield "I06", record
                last = record
            yield from (("I08", record) for _ in _fell_back_while_held(record, failovers))


def _fell_back_while_held(record: Decided, failovers: list[datetime]) -> Iterator[None]:
    rule, now = record.decision.rule or "", record.case.now
    if rule == "acknowledged":
        failovers.clear()
    row = ROW_OF.get(rule)
    if row is not None and row.counts:
        failovers.append(now)
    recent = [at for at in failovers if now - at < HELD_FOR]
    if rule == "fallback-due" and len(recent) >= HELD_AFTER:
        yield


# Histories in files: one JSON document a line.


def to_json(record: Record) -> dict[str, Any]:
    if isinstance(record, Served):
        return {"kind": "served", "at": record.at, "serving": [sorted(s) for s in record.serving]}
    if isinstance(record, Rested):
        return {"kind": "rested", "at": record.at, "states": list(record.states)}
    decision = record.decision
    return {
        "kind": "decided",
        "case": record.case.to_json(),
        "rule": decision.rule,
        "values": decision.values,
        "hit": decision.hit,
        "after": plain(decision.pair),
        "version": record.version,
    }


def from_json(data: dict[str, Any]) -> Record:
    if data["kind"] == "served":
        first, second = (frozenset(s) for s in data["serving"])
        return Served(data["at"], (first, second))
    if data["kind"] == "rested":
        first, second = (NodeState(s) for s in data["states"])
        return Rested(data["at"], (first, second))
    after = read_strictly(Pair, data["after"])
    decision = Decision(after, data["rule"], data["values"], data["hit"])
    return Decided(Case.from_json(data["case"]), decision, data["version"])


def replays(record: Record) -> bool:
    """I18: the same inputs give the same decision."""
    if not isinstance(record, Decided):
        return True
    return not Recording.of(record.case, record.decision).differences()


def read(path: Path) -> Iterator[tuple[str, list[Record]]]:
    """The lives in a file, each with the line it began with."""
    title, life = "", []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            data = json.loads(line)
            if data["kind"] == "life":
                if life:
                    yield title, life
                title, life = line.strip(), []
            else:
                life.append(from_json(data))
    yield title, life


def main(paths: list[str]) -> int:
    found = 0
    for path in paths:
        lives = decisions = 0
        for title, life in read(Path(path)):
            lives += 1
            decisions += sum(isinstance(record, Decided) for record in life)
            broken = [name for name, _ in wrongs(life)]
            broken += ["I18" for record in life if not replays(record)]
            for name in broken:
                found += 1
                print(f"{path}: {name} broken in {title}")
        print(f"{path}: {lives} lives, {decisions} decisions, {found} invariants broken")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
