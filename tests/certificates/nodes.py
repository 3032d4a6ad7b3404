"""Nodes that tell who is logged in, behind the face of ``topology.asking``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from prg_admin.topology.agents import AgentError, Target
from prg_admin.topology.asking import KnownRoll, Roll


@dataclass
class Nodes:
    """A node that is not named here cannot be asked."""

    users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def log_in(self, node: str, *users: str) -> None:
        self.users[node] = tuple(sorted(users))
        self.revisions[node] = self.revisions.get(node, 0) + 1

    def call_rolls(
        self, asked: Sequence[tuple[Target, KnownRoll | None]]
    ) -> list[Roll | AgentError]:
        return [self._told(target.name, known) for target, known in asked]

    def _told(self, name: str, known: KnownRoll | None) -> Roll | AgentError:
        self.asked.append(name)
        if name not in self.users:
            return AgentError("timeout")
        now = ("boot", self.revisions[name])
        return Roll(*now, None if now == known else self.users[name])
