"""Who serves a user: derived from the home node and where its group stands, never stored.

A node serves the homes that its ordered role names (``domain.states.homes_served``); without High
Availability every node serves its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prg_admin.domain.states import NodeState, Role, homes_served
from prg_admin.groups.models import Member

READY = frozenset({NodeState.NORMAL, NodeState.BACKUP, NodeState.FAILED_OVER})
"""States in which a node can take the users of its peer, or its own back."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A node of a group as the derivation needs it."""

    node: str
    state: NodeState
    role: Role


@dataclass(frozen=True, slots=True)
class GroupStanding:
    ha_enabled: bool
    nodes: tuple[Standing, ...]

    def peer_of(self, node: str) -> str | None:
        return next((other.node for other in self.nodes if other.node != node), None)

    def served_by(self, home: str) -> str | None:
        """The node that serves the users of ``home`` now; None: nobody does."""
        if not self.ha_enabled:
            return home
        serving = (
            n.node
            for n in self.nodes
            if home in homes_served(n.role, node=n.node, peer=self.peer_of(n.node))
        )
        return next(serving, None)

    def served_if_failed(self, home: str, failed: str) -> str | None:
        """The node that would, once the engine has answered the failure of ``failed``."""
        server = self.served_by(home)
        if server != failed:
            return server
        if not self.ha_enabled:
            return None
        left = next((n for n in self.nodes if n.node != failed), None)
        return left.node if left and left.state in READY else None


ALONE = GroupStanding(ha_enabled=False, nodes=())
"""Of a node in no group: it serves its own users, and nobody takes them over."""


def group_standings(group_ids: Iterable[int]) -> dict[int, GroupStanding]:
    """By group; one query."""
    members: dict[int, list[Member]] = {}
    found = Member.objects.filter(group_id__in=set(group_ids)).select_related("node", "group")
    for member in found.order_by("group_id", "position"):
        members.setdefault(member.group_id, []).append(member)
    return {pk: _standing(of) for pk, of in members.items()}


def _standing(members: Sequence[Member]) -> GroupStanding:
    nodes = (Standing(m.node.name, NodeState(m.state), Role(m.ordered)) for m in members)
    return GroupStanding(members[0].group.ha_enabled, tuple(nodes))
