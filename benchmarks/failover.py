"""From kill -9 of a service to the peer that serves, and where the time goes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from benchmarks.bare import steps
from benchmarks.summaries import ratios, summary
from prg_admin.domain import catalogue
from tests.scenarios.doors import admits
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import DEADLINE

SERVICE = "Cisco SIP Proxy"
AT_ONCE = {catalogue.CRITICAL_SERVICE_DELAY: "0"}
LOOK = 0.002
"""Seconds between two looks at the peer's door."""

Stage = tuple[str, float]


def measure(installation: Installation, person: Person, *, rounds: int) -> dict[str, Any]:
    pair = WatchedPair(
        installation, person, "DefaultCUPSubcluster", "imp1", "imp2", {"imp1": 60, "imp2": 40}
    )
    pair.heal({**person.parameters("imp1"), **AT_ONCE})
    reported: list[float] = []
    admitted: list[float] = []
    bare: list[dict[str, float]] = []
    stages: dict[str, list[float]] = {}
    with steps(installation.database_url) as step:
        for number in range(1, rounds + 1):
            bare.append(step.once())
            one = _once(pair)
            _come_home(pair)
            if one is None:
                _tell(f"round {number}: no failover within {DEADLINE:g} s")
                continue
            began, door_at, told = one
            reported.append(told[-1][1] - began)
            admitted.append(door_at - began)
            last = began
            for name, at in told:
                stages.setdefault(name, []).append(at - last)
                last = at
            _tell(f"round {number}: {reported[-1] * 1000:.0f} ms")
    whole = [sum(parts.values()) for parts in bare]
    return {
        "what": "kill -9 of a critical service, Critical Service Delay 0, to the peer's report "
        "that it serves all users, as the engine notes it",
        "bare_what": "one process exit noticed by pidfd, three HTTP requests over loopback, two "
        "commits on the same PostgreSQL",
        "unfinished": rounds - len(reported),
        **ratios(reported, whole),
        "reported": summary(reported),
        "door_admits": summary(admitted),
        "bare": summary(whole),
        "bare_parts": {name: summary([parts[name] for parts in bare]) for name in bare[0]},
        "stages": {name: summary(values) for name, values in stages.items()},
    }


def _come_home(pair: WatchedPair) -> None:
    """Clients may still be on their way home: that is as it is in life."""
    pair.person.start_service("imp1", SERVICE)
    pair.becomes("Failed Over", "Running in Backup Mode", reason="Critical Service Down")
    pair.person.ask_for("fallback", "imp1")
    pair.becomes_normal()


def _once(pair: WatchedPair) -> tuple[float, float, list[Stage]] | None:
    """When the service was killed, when the door of the peer opened, when each stage ended."""
    installation = pair.installation
    door = installation.door("imp2")
    before = installation.last_event()
    victim = installation.services("imp1")[SERVICE].pid
    began = time.time()
    os.kill(victim, signal.SIGKILL)
    if not _within(lambda: admits(door, "imp1"), began):
        return None
    door_at = time.time()
    if not _within(lambda: "take-over-done" in pair.rules(after=before), began):
        return None
    return began, door_at, _stages(installation, pair.group, before, began)


def _within(condition: Callable[[], bool], began: float) -> bool:
    while not condition():
        if time.time() - began > DEADLINE:
            return False
        time.sleep(LOOK)
    return True


def _stages(installation: Installation, group: str, before: int, began: float) -> list[Stage]:
    """Each stage with the time of day at which it ended, in order."""
    recorded = {e["rule"]: e["at"].timestamp() for e in installation.events(group, after=before)}
    stages = [
        ("agent notices", logged(installation, "imp1", f"{SERVICE} ended by SIGKILL", began)),
        ("call-in, worker, probe, first decision", recorded.get("service-down")),
        ("first order at the node", logged(installation, "imp1", "goal: standby", began)),
        ("second decision", recorded.get("next-order")),
        ("second order at the peer", logged(installation, "imp2", "goal: both", began)),
        ("peer's report recorded", recorded.get("take-over-done")),
    ]
    return [(name, at) for name, at in stages if at is not None]


def logged(installation: Installation, node: str, words: str, since: float) -> float | None:
    """When the node's agent first wrote this after ``since``; its clock shows milliseconds."""
    for line in installation.log_of(node).splitlines():
        if words in line:
            moment = datetime.fromisoformat(line[:23]).timestamp()  # of the local time
            if moment >= since - 0.001:
                return moment
    return None


def _tell(text: str) -> None:
    sys.stderr.write(f"failover {text}\n")
