"""Notes that come while a group is evaluated are taken along, and none is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from prg_admin.recovery import tasks
from prg_admin.recovery.cycle import Outcome
from prg_admin.recovery.evaluations import YOUNG_S, Evaluations


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_notes_during_an_evaluation_lead_to_one_more():
    evaluations, looks = Evaluations(Clock()), []

    def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            for _ in range(5):
                evaluations.drive(7, look)

    evaluations.drive(7, look)
    assert looks == [0, 1]


def test_another_group_is_not_held_up():
    evaluations, looks = Evaluations(Clock()), []

    def look() -> None:
        looks.append(7)
        evaluations.drive(8, lambda: looks.append(8))

    evaluations.drive(7, look)
    assert looks == [7, 8]


def test_one_that_is_under_way_for_long_is_not_waited_for():
    clock, looks = Clock(), []
    evaluations = Evaluations(clock)

    def hang() -> None:
        assert not looks, "it was waited for"
        clock.now += YOUNG_S
        evaluations.drive(7, lambda: looks.append("at once"))
        looks.append("hung")

    evaluations.drive(7, hang)
    assert looks == ["at once", "hung"]
    evaluations.drive(7, lambda: looks.append("later"))
    assert looks[-1] == "later"


def test_the_older_one_leaves_the_younger_its_place():
    clock, looks = Clock(), []
    evaluations = Evaluations(clock)
    begun, may_end = threading.Event(), threading.Event()

    def young() -> None:
        looks.append("young")
        begun.set()
        assert may_end.wait(10)

    with ThreadPoolExecutor(1) as pool:

        def old() -> None:
            clock.now += YOUNG_S
            pool.submit(evaluations.drive, 7, young)
            assert begun.wait(10)

        evaluations.drive(7, old)
        evaluations.drive(7, lambda: looks.append("at the same time"))
        may_end.set()
    assert looks == ["young", "young"]


def test_after_a_failure_the_next_one_is_done():
    evaluations, looks = Evaluations(Clock()), []

    def fail() -> None:
        raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        evaluations.drive(7, fail)
    evaluations.drive(7, lambda: looks.append(7))
    assert looks == [7]


def test_no_note_of_many_threads_is_lost():
    """Each finds, once all are done, an evaluation that began after its note."""
    evaluations, guard = Evaluations(), threading.Lock()
    noted, seen = 0, 0

    def note_and_drive() -> None:
        nonlocal noted
        with guard:
            noted += 1
        evaluations.drive(7, look)

    def look() -> None:
        nonlocal seen
        with guard:
            seen = noted

    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(note_and_drive) for _ in range(2_000)]:
            running.result()
    assert seen == noted == 2_000


def test_the_task_takes_part(monkeypatch: pytest.MonkeyPatch):
    looks: list[int] = []

    def advance(group_id: int, **_: object) -> Outcome:
        looks.append(group_id)
        if len(looks) == 1:
            tasks.evaluate(group_id=group_id)
            assert looks == [group_id], "evaluated at the same time"
        return Outcome(0)

    monkeypatch.setattr(tasks, "agent_client", lambda: None)
    monkeypatch.setattr(tasks.cycle, "advance", advance)
    tasks.evaluate(group_id=7)
    assert looks == [7, 7]
