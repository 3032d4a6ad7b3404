"""The report of the rows that real processes fired."""

from __future__ import annotations

from typing import Any

import pytest

from prg_admin.domain.transitions import ROWS
from tests.plugins.rows import never_fired, note_fired, pytest_terminal_summary


class Terminal:
    def __init__(self) -> None:
        self.told: list[str] = []

    def section(self, title: str) -> None:
        self.told.append(title)

    line = section


class Config:
    def __init__(self) -> None:
        self.stash = pytest.Stash()


def report_of(config: Any) -> list[str]:
    terminal = Terminal()
    pytest_terminal_summary(terminal, config)
    return terminal.told


@pytest.fixture
def config() -> Any:
    return Config()


def test_rows_that_were_not_fired_are_named(config: Any):
    note_fired(config, [row.rule for row in ROWS if row.rule not in ("silent", "goodbye")])
    note_fired(config, ["next-order"])
    _, count, missing = report_of(config)
    assert count == f"{len(ROWS) - 2} of {len(ROWS)}"
    assert missing.endswith(": goodbye, silent")


def test_a_run_without_an_installation_reports_nothing(config: Any):
    assert report_of(config) == []


def test_when_every_row_was_fired_none_is_missing():
    assert never_fired(row.rule for row in ROWS) == []
