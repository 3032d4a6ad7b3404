"""The judge of the soak finds each invariant that a history breaks, and none in a good one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.history import Line, wrongs

NORMAL = ["normal", "normal"]
MOVING = ["failing-over", "taking-over"]
AWAY = ["failed-over-services-not-running", "running-in-backup-mode"]


def event(rule: str, before: list[str], after: list[str], number: int, **more: Any) -> Line:
    return {
        "kind": "event", "at": float(number), "rule": rule, "actor": "engine",
        "epoch": number, "version": number,
        "before": [{"state": state} for state in before],
        "after": [{"state": state} for state in after],
    } | more  # fmt: skip


def sample(at: float, *, blind: bool = False, epoch: int = 1) -> Line:
    return {"kind": "sample", "at": at, "blind": blind, "epochs": {"imp1": epoch}}


FAILOVER = (
    event("service-down", NORMAL, MOVING, 1),
    event("next-order", MOVING, MOVING, 2),
    event("take-over-done", MOVING, AWAY, 3),
)
BACK = event("services-back", AWAY, ["failed-over", AWAY[1]], 4)
DUE = event("fallback-due", ["failed-over", AWAY[1]], ["taking-back", "falling-back"], 5)
REST = {"kind": "rested", "at": 9.0, "states": NORMAL, "seconds": 1.0}


def test_a_good_history_breaks_nothing():
    lines = [sample(0.5), *FAILOVER, BACK, DUE, sample(6, epoch=2), REST]
    assert list(wrongs(lines)) == []


@pytest.mark.parametrize(
    ("invariant", "lines"),
    [
        ("I01", [{"kind": "served-twice", "at": 1.0, "what": "imp1 at imp2"}]),
        ("I03", [FAILOVER[0], {**FAILOVER[1], "epoch": 0}]),
        ("I03", [sample(1, epoch=5), sample(2, epoch=4)]),
        ("I05", [{**FAILOVER[0], "rule": "no-such-rule"}]),
        ("I05", [event("service-down", NORMAL, AWAY, 1)]),
        ("I05", [event("next-order", NORMAL, MOVING, 1)]),
        ("I06", [FAILOVER[0], FAILOVER[2]]),
        ("I06", [FAILOVER[0], event("service-down", NORMAL, MOVING, 2)]),
        ("I07", [sample(0.5, blind=True), FAILOVER[0], sample(1.5, blind=True)]),
        (
            "I07",
            [
                FAILOVER[0],
                event("fall-back-lost", ["taking-back", "falling-back"], ["down", MOVING[1]], 2),
                {**DUE, "version": 3},
            ],
        ),
        ("I11", [{**REST, "states": MOVING}]),
    ],
)
def test_each_broken_invariant_is_found(invariant: str, lines: list[Line]):
    assert invariant in {wrong for wrong, _ in wrongs(lines)}
