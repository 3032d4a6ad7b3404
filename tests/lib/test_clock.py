"""One clock for all processes of an installation, whatever happens to the wall's."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from prg_admin.lib import clock

FIVE_MINUTES = 300


def step_the_wall_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + seconds)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("step", [FIVE_MINUTES, -FIVE_MINUTES])
def test_f13_a_step_of_the_wall_clock_is_not_noticed(monkeypatch: pytest.MonkeyPatch, step: int):
    before = clock.steady_now()
    step_the_wall_clock(monkeypatch, step)
    assert timedelta(0) <= clock.steady_now() - before < timedelta(seconds=60)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("step", [FIVE_MINUTES, -FIVE_MINUTES])
def test_f13_a_process_that_starts_after_a_step_goes_by_the_clock_of_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: int
):
    began = clock.shared_beginning(tmp_path)
    step_the_wall_clock(monkeypatch, step)
    assert clock.shared_beginning(tmp_path) == began


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": "an earlier one", "began": 1.0}'])
def test_what_is_not_of_this_start_of_the_machine_is_replaced(tmp_path: Path, text: str):
    (tmp_path / clock.FILE).write_text(text)
    began = clock.shared_beginning(tmp_path)
    assert began > 1.0
    assert json.loads((tmp_path / clock.FILE).read_text())["began"] == began


def test_without_an_installation_a_process_goes_by_itself(tmp_path: Path):
    assert clock.shared_beginning(tmp_path / "nothing") > 1.0
