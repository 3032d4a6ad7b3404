"""Judges what a soak of real processes wrote down: ``python -m tests.lab.history FILE``.

It knows the table's rows, but none of the functions that decide.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from prg_admin.domain.states import NodeState
from prg_admin.domain.transitions import ROWS, Row, Step

Line = Mapping[str, Any]
ROW_OF = {row.rule: row for row in ROWS}
ORDERS_ONLY = {"next-order", "epoch-raised", "acknowledged"}
BY_PEOPLE = {"ha-on", "ha-off"}
HELD_AFTER, HELD_FOR = 2, timedelta(hours=24)
AT_REST = {
    NodeState.NORMAL, NodeState.IDLE, NodeState.FAILED_OVER, NodeState.BACKUP, NodeState.FAILED,
}  # fmt: skip
"""Well, or waiting for a person's Fallback or Recover."""


def wrongs(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    """The invariants that were broken, each with what shows it."""
    lines = list(lines)
    events = [line for line in lines if line["kind"] == "event"]
    samples = [line for line in lines if line["kind"] == "sample"]
    yield from (("I01", line["what"]) for line in lines if line["kind"] == "served-twice")
    yield from _epochs(events, samples)
    for event in events:
        if not _is_of_the_table(event):
            yield "I05", _told(event)
    for one, following in pairwise(events):
        if following["version"] != one["version"] + 1 or following["before"] != one["after"]:
            yield "I06", f"{_told(one)} is not followed by {_told(following)}"
    yield from _while_blind(events, samples)
    yield from _while_held(events)
    for line in lines:
        if line["kind"] == "rested" and not {NodeState(s) for s in line["states"]} <= AT_REST:
            yield "I11", f"{line['states']} after {line['seconds']} s"


def _epochs(events: list[Line], samples: list[Line]) -> Iterator[tuple[str, str]]:
    for one, following in pairwise(events):
        if following["epoch"] < one["epoch"]:
            yield "I03", f"{_told(one)}, then {_told(following)}"
    for one, following in pairwise(samples):
        for node, epoch in one["epochs"].items():
            if following["epochs"].get(node, epoch) < epoch:
                yield "I03", f"{node} had seen {epoch}, then {following['epochs'][node]}"


def _is_of_the_table(event: Line) -> bool:
    before, after = _states(event["before"]), _states(event["after"])
    if event["rule"] in ORDERS_ONLY:
        return before == after
    row = ROW_OF.get(event["rule"])
    return row is not None and any(
        _fits(row, (before[a], before[1 - a]), (after[a], after[1 - a])) for a in (0, 1)
    )


def _fits(row: Row, before: tuple[NodeState, ...], after: tuple[NodeState, ...]) -> bool:
    left = before[0] in row.a and before[1] in row.b
    return left and all(
        _reached(step, was, now)
        for step, was, now in zip((row.to_a, row.to_b), before, after, strict=True)
    )


def _reached(step: Step, was: NodeState, now: NodeState) -> bool:
    return now is (was if step.state is None else step.state)


def _states(nodes: list[Any]) -> tuple[NodeState, ...]:
    return tuple(NodeState(node["state"]) for node in nodes)


def _while_blind(events: list[Line], samples: list[Line]) -> Iterator[tuple[str, str]]:
    """Between two looks at an engine that says it is blind, it changes no state by itself."""
    for one, following in pairwise(samples):
        if one["blind"] and following["blind"]:
            for event in events:
                by_itself = event["actor"] == "engine" and event["rule"] not in BY_PEOPLE
                if by_itself and one["at"] < event["at"] < following["at"]:
                    yield "I07", f"blind: {_told(event)}"


def _while_held(events: list[Line]) -> Iterator[tuple[str, str]]:
    failovers: list[datetime] = []
    for event in events:
        at = datetime.fromtimestamp(event["at"]).astimezone()
        if event["rule"] == "acknowledged":
            failovers = []
        elif event["rule"] in ROW_OF and ROW_OF[event["rule"]].counts:
            failovers.append(at)
        elif event["rule"] == "fallback-due" and _is_held(failovers, at):
            yield "I07", f"held: {_told(event)}"


def _is_held(failovers: list[datetime], at: datetime) -> bool:
    return sum(at - failover < HELD_FOR for failover in failovers) >= HELD_AFTER


def _told(event: Line) -> str:
    return f"{event['rule']} (version {event['version']}, epoch {event['epoch']})"


def read(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def main(files: list[str]) -> int:
    found = [wrong for file in files for wrong in wrongs(read(Path(file)))]
    for invariant, what in found:
        sys.stdout.write(f"{invariant}: {what}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
