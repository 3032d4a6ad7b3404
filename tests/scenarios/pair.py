"""The pair of a group, and how it is brought home after whatever a test did to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from prg_admin.domain.settings import settings_of
from prg_admin.domain.states import DEMO_SERVICES
from prg_admin.domain.timing import WorstCase, worst_case
from tests.scenarios import waiting
from tests.scenarios.installation import Installation, NodeStates
from tests.scenarios.person import Person

NORMAL = "Normal"
HEAL_SECONDS = 120.0
REPEAT_SECONDS = 1.5
"""An action that was refused, or did not help, is tried again after this."""


@dataclass(frozen=True)
class WatchedPair:
    installation: Installation
    person: Person
    group: str
    first: str
    second: str
    users: Mapping[str, int]
    """Presence users at home on each node."""

    def worst_case(self) -> WorstCase:
        """By the parameters that are in force now."""
        return worst_case(settings_of(self.person.parameters(self.first)))

    def states(self) -> NodeStates:
        return self.installation.states(self.group)

    def becomes(
        self, first: str, second: str, *, reason: str | tuple[str, str], seconds: float = 60.0
    ) -> None:
        """Wait until the nodes are in these states, both for that reason or each for its own."""
        wanted = _wanted(first, second, reason)
        waiting.becomes(self.states, wanted, seconds=seconds)

    def stays(
        self, first: str, second: str, *, reason: str | tuple[str, str], seconds: float
    ) -> None:
        waiting.stays(self.states, _wanted(first, second, reason), seconds=seconds)

    def becomes_normal(self) -> None:
        self.becomes(NORMAL, NORMAL, reason=NORMAL)

    def stays_normal(self, *, seconds: float) -> None:
        self.stays(NORMAL, NORMAL, reason=NORMAL, seconds=seconds)

    def sessions(self) -> tuple[int, int]:
        """Clients connected to the first and to the second node, counted at their doors."""
        return self.installation.sessions(self.first), self.installation.sessions(self.second)

    def everybody_is_at_home(self) -> None:
        wanted = (self.users[self.first], self.users[self.second])
        waiting.becomes(self.sessions, wanted)

    def everybody_is_at(self, node: str) -> None:
        total = sum(self.users.values())
        waiting.becomes(self.sessions, (total, 0) if node == self.first else (0, total))

    def rules(self, *, after: int) -> list[str]:
        """What moved the group since the event ``after``."""
        return [event["rule"] for event in self.installation.events(self.group, after=after)]

    def forget_failovers(self) -> None:
        """What the scenarios before left behind holds no automatic fallback."""
        self.installation.query(
            "update groups_presenceredundancygroup set automatic_failovers = '[]' where name = %s",
            self.group,
        )

    def start_services(self) -> None:
        """Press Start wherever a service does not run."""
        for node in (self.first, self.second):
            running = self.installation.services(node)
            for service in DEMO_SERVICES:
                if service not in running:
                    self.person.start_service(node, service)

    def heal(self, parameters: Mapping[str, str]) -> None:
        """Undo what a test did, by the ways an operator has, until everybody is at home."""
        self.installation.bring_back()
        self.person.set_parameters(self.first, parameters)
        deadline = time.monotonic() + HEAL_SECONDS
        next_try = 0.0
        while not self._is_home():
            if time.monotonic() > deadline:
                pytest.fail(f"{self.group} did not come home: {self.states()}, {self.sessions()}")
            if time.monotonic() > next_try:
                self._take_a_step_home()
                next_try = time.monotonic() + REPEAT_SECONDS
            time.sleep(waiting.POLL)

    def _is_home(self) -> bool:
        if self.states() != _wanted(NORMAL, NORMAL, NORMAL):
            return False
        nodes = (self.first, self.second)
        running = all(len(self.installation.services(n)) == len(DEMO_SERVICES) for n in nodes)
        return running and self.sessions() == tuple(self.users[n] for n in nodes)

    def _take_a_step_home(self) -> None:
        states = [state for state, _reason in self.states()]
        for node, state in zip((self.first, self.second), states, strict=True):
            if state in ("Idle", "Failed Over"):
                self.person.ask_for("fallback", node)
                return
        if states == ["Running in Failed Mode"] * 2:
            self.person.ask_for_recovery(self.group)
        else:
            self.start_services()


def _wanted(first: str, second: str, reason: str | tuple[str, str]) -> NodeStates:
    reasons = (reason, reason) if isinstance(reason, str) else reason
    return (first, reasons[0]), (second, reasons[1])
