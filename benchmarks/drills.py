"""A planned failover, and a node that falls silent, each against what it should take."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.failover import LOOK, Stage, logged
from benchmarks.summaries import summary
from prg_admin.domain.timing import RecoverySettings, worst_case
from tests.scenarios.doors import admits
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import DEADLINE

DEMO = RecoverySettings(
    heart_beat_interval=1, connect_timeout=1, keep_alive_timeout=4, critical_service_delay=2
)


def measure(installation: Installation, person: Person, *, rounds: int) -> dict[str, Any]:
    pair = WatchedPair(
        installation, person, "DefaultCUPSubcluster", "imp1", "imp2", {"imp1": 60, "imp2": 40}
    )
    parameters = person.parameters("imp1")
    planned, silent = [], []
    stages: dict[str, list[float]] = {}
    for _ in range(rounds):
        pair.heal(parameters)
        before = installation.last_event()
        press = person.ready_to_ask_for("failover", "imp1")
        with ThreadPoolExecutor(1) as pool:
            last, began = time.time(), time.perf_counter()
            pressed = pool.submit(press)  # it follows to the next page, which is not the matter
            planned.append(_until_admitted(installation, began))
            admitted = time.time()
            pressed.result()
        for name, ended in _stages(installation, pair.group, before, last, admitted):
            stages.setdefault(name, []).append(ended - last)
            last = ended
    for _ in range(max(1, rounds // 3)):
        pair.heal(parameters)
        began = time.perf_counter()
        installation.freeze("imp1", with_services=True)
        silent.append(_until_admitted(installation, began))
        installation.thaw("imp1", with_services=True)
    pair.heal(parameters)
    formula = worst_case(DEMO).silent.served_s or 0.0
    return {
        "planned": {
            "what": "from pressing Failover to the first user of the node admitted by the peer",
            **summary(planned),
            "stages": {name: summary(values) for name, values in stages.items()},
        },
        "silent": {
            "what": "agent and services frozen, to the first user admitted by the peer",
            **summary(silent),
            "formula_s": formula,
            "worst_to_formula": round(max(silent) / formula, 3),
        },
    }


def _stages(
    installation: Installation, group: str, before: int, began: float, admitted: float
) -> list[Stage]:
    recorded = {e["rule"]: e["at"].timestamp() for e in installation.events(group, after=before)}
    stages = [
        ("press to decision", recorded.get("failover-asked")),
        ("order at the node", logged(installation, "imp1", "goal: idle", began)),
        ("its report, second decision", recorded.get("next-order")),
        ("order at the peer", logged(installation, "imp2", "goal: both", began)),
        ("the door admits", admitted),
    ]
    return [(name, at) for name, at in stages if at is not None]


def _until_admitted(installation: Installation, began: float) -> float:
    door = installation.door("imp2")
    while not admits(door, "imp1"):
        if time.perf_counter() - began > DEADLINE:
            raise TimeoutError("imp2 never admitted the users of imp1")
        time.sleep(LOOK)
    return time.perf_counter() - began
