"""A suspect group is woken in one row, however many sweeps and call-ins look at it."""

from __future__ import annotations

import pytest

from prg_admin.recovery import tasks
from prg_admin.recovery.cycle import Outcome
from prg_admin.recovery.wakes import Wakes


def test_of_many_evaluations_one_asks_to_be_woken(monkeypatch: pytest.MonkeyPatch):
    sent: list[int] = []
    monkeypatch.setattr(tasks, "wakes", Wakes())
    monkeypatch.setattr(tasks, "agent_client", lambda: None)
    monkeypatch.setattr(tasks.cycle, "advance", lambda *_, **__: Outcome(0, wake_in=60.0))
    monkeypatch.setattr(tasks, "enqueue", lambda *_, group_id, **__: sent.append(group_id))
    for _ in range(5):
        tasks.evaluate(group_id=7)
    tasks.evaluate(group_id=8)
    assert sent == [7, 8]


def test_a_sooner_one_is_needed_a_later_one_is_not():
    wakes = Wakes()
    wanted = [(1, 10.0), (1, 10.0), (1, 30.0), (1, 2.0), (2, 10.0)]
    assert [wakes.is_needed(g, s, now=0) for g, s in wanted] == [True, False, False, True, True]


def test_each_wake_up_asks_for_the_next():
    wakes = Wakes()
    assert [wakes.is_needed(1, 0.25, now=0.25 * n) for n in range(4)] == [True] * 4


def test_one_that_comes_a_hair_early_asks_for_the_next():
    wakes = Wakes()
    assert wakes.is_needed(1, 0.25, now=0)
    assert wakes.is_needed(1, 0.25, now=0.24)


def test_one_that_was_lost_is_not_waited_for():
    wakes = Wakes()
    assert wakes.is_needed(1, 5.0, now=0)
    assert wakes.is_needed(1, 5.0, now=5.5)
