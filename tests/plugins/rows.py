"""Which rows of the transition table real processes never fired: told at the end of a run.

That the pure core fires each of them is a test of its own (``tests.domain.test_transitions``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from prg_admin.domain.transitions import ROWS

FIRED = pytest.StashKey[set[str]]()
TOLD = "fired_rules"


def note_fired(config: pytest.Config, rules: Iterable[str]) -> None:
    """The rules of an installation's events, before it goes down."""
    config.stash.setdefault(FIRED, set()).update(rules)


def never_fired(fired: Iterable[str]) -> list[str]:
    """In the order of the table."""
    known = set(fired)
    return [row.rule for row in ROWS if row.rule not in known]


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = getattr(session.config, "workeroutput", None)  # of a worker of pytest-xdist
    if told is not None:
        told[TOLD] = sorted(session.config.stash.get(FIRED, set()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    note_fired(node.config, getattr(node, "workeroutput", {}).get(TOLD, ()))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    fired = config.stash.get(FIRED, set())
    if not fired:
        return
    missing = never_fired(fired)
    terminalreporter.section("rows of the transition table, fired by real processes")
    terminalreporter.line(f"{len(ROWS) - len(missing)} of {len(ROWS)}")
    if missing:
        terminalreporter.line(f"by the pure core alone: {', '.join(missing)}")
