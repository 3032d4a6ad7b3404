"""Taking a pair through maintenance: what to do next, from what is so now.

With High Availability on, stopping services is a failover. So users are counted, High Availability
goes off, the engine is given time to notice, the work is done, and High Availability comes back
when the sessions have. Source: domain facts 3.9 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

QUIET_S = 120.0
"""Seconds to wait after High Availability went off before services are touched."""

ENOUGH = 0.9
"""Part of the sessions of before that counts as "back": some clients have gone home meanwhile."""


class Stage(StrEnum):
    COUNT = "count"
    HA_OFF = "ha-off"
    WAIT = "wait"
    WORK = "work"
    SESSIONS = "sessions"
    HA_ON = "ha-on"


class Status(StrEnum):
    DONE = "done"
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Situation:
    """What the stages are judged by."""

    counted: Mapping[str, int | None] | None
    """Sessions by node when it began, None for a node that was not heard; None: not yet."""
    sessions: Mapping[str, int | None]
    """Sessions by node now."""
    ha_enabled: bool
    ha_off_s: float | None
    """Seconds since the engine let go of the pair; None until it has."""
    work_done: bool
    """A person said that the work is done."""
    all_running: bool
    """Both nodes answer, with all critical services running."""


@dataclass(frozen=True, slots=True)
class Step:
    stage: Stage
    status: Status


def steps(situation: Situation) -> tuple[Step, ...]:
    """All stages in order; the first that is not done is the one to do now."""
    off = not situation.ha_enabled or situation.work_done
    done = {
        Stage.COUNT: situation.counted is not None,
        Stage.HA_OFF: off,
        Stage.WAIT: off and left_to_wait(situation) == 0,
        Stage.WORK: situation.work_done,
        Stage.SESSIONS: situation.all_running and not missing(situation),
        Stage.HA_ON: situation.ha_enabled,
    }
    found: list[Step] = []
    for stage in Stage:
        before_done = all(step.status is Status.DONE for step in found)
        if done[stage] and before_done:
            found.append(Step(stage, Status.DONE))
        else:
            found.append(Step(stage, Status.NOW if before_done else Status.LATER))
    return tuple(found)


def left_to_wait(situation: Situation) -> float:
    """Seconds; 0 when the wait is over or has not begun."""
    if situation.ha_enabled or situation.work_done:
        return 0.0
    if situation.ha_off_s is None:
        return QUIET_S
    return max(0.0, QUIET_S - situation.ha_off_s)


def missing(situation: Situation) -> dict[str, int]:
    """Sessions that are not back, by node; a node that is not heard lacks all of them."""
    before = situation.counted or {}
    lacking = {}
    for node, count in before.items():
        now = situation.sessions.get(node) or 0
        if count and now < count * ENOUGH:
            lacking[node] = count - now
    return lacking
