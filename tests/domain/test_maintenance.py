"""The way of a pair through maintenance: one step at a time, each judged by what is so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.maintenance import (
    QUIET_S,
    Situation,
    Stage,
    Status,
    left_to_wait,
    missing,
    steps,
)

BEGUN = Situation(
    counted={"imp1": 100, "imp2": 50},
    sessions={"imp1": 100, "imp2": 50},
    ha_enabled=True,
    ha_off_s=None,
    work_done=False,
    all_running=True,
)
OFF = replace(BEGUN, ha_enabled=False, ha_off_s=5.0)
QUIET = replace(OFF, ha_off_s=QUIET_S)
WORKED = replace(QUIET, work_done=True)


@pytest.mark.parametrize(
    ("situation", "now"),
    [
        (replace(BEGUN, counted=None), Stage.COUNT),
        (BEGUN, Stage.HA_OFF),
        (replace(OFF, ha_off_s=None), Stage.WAIT),
        (OFF, Stage.WAIT),
        (QUIET, Stage.WORK),
        (replace(WORKED, all_running=False), Stage.SESSIONS),
        (replace(WORKED, sessions={"imp1": 80, "imp2": 50}), Stage.SESSIONS),
        (replace(WORKED, sessions={"imp1": 100, "imp2": None}), Stage.SESSIONS),
        (WORKED, Stage.HA_ON),
        (replace(WORKED, sessions={"imp1": 91, "imp2": 46}), Stage.HA_ON),
        (replace(WORKED, ha_enabled=True), None),
    ],
)
def test_there_is_one_step_to_do_now(situation: Situation, now: Stage | None):
    found = steps(situation)
    assert [step.stage for step in found if step.status is Status.NOW] == ([now] if now else [])
    assert [step.stage for step in found] == list(Stage)


def test_what_comes_later_is_not_done_before_its_time():
    """Everybody is there and High Availability is on: but nothing has been done yet."""
    late = [step.stage for step in steps(BEGUN) if step.status is Status.LATER]
    assert late == [Stage.WAIT, Stage.WORK, Stage.SESSIONS, Stage.HA_ON]


def test_switched_on_again_before_the_work_it_has_to_go_off_again():
    assert steps(replace(QUIET, ha_enabled=True))[1].status is Status.NOW


def test_the_wait_counts_from_when_the_engine_let_go():
    assert left_to_wait(OFF) == QUIET_S - 5
    assert left_to_wait(replace(OFF, ha_off_s=None)) == QUIET_S
    assert left_to_wait(BEGUN) == 0


def test_what_is_missing_is_named_by_node():
    assert missing(replace(WORKED, sessions={"imp1": 40, "imp2": None})) == {"imp1": 60, "imp2": 50}
    assert missing(replace(WORKED, counted={"imp1": 0, "imp2": None})) == {}
