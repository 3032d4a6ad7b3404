"""How a group stands now: what its page shows below the form, in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from prg_admin.domain.pair import Action, Limitation, NodeView, Pair, limitation
from prg_admin.domain.states import FAILED_OVER_STATES, NodeState, Reason
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pair
from prg_admin.lib.advice import Advice, Standing, advice
from prg_admin.topology.selectors import NodeStatus, node_status

NODES_OF_PAIR = 2


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whether one hears another: the engine a node, or a node its peer."""

    listener: str
    """Name of a node; empty for the engine."""
    speaker: str
    error: str
    silence_s: float | None
    """Seconds; None when never heard."""
    rtt_ms: float | None

    @property
    def is_heard(self) -> bool:
        return not self.error and self.silence_s is not None


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One row of the High Availability table, with the services below it."""

    status: NodeStatus
    state: str
    reason: str
    since: datetime | None
    peer: str
    active: int | None
    """Users the node serves by its own report; None when that is not known."""
    action: Action | None
    """What can be asked of this node in this state; None: nothing is ever offered here."""
    limitation: Limitation | None
    """Why the action is not possible now."""
    hearing: Hearing | None
    """Whether this node hears its peer; None when it cannot be asked."""

    @property
    def name(self) -> str:
        return self.status.name


@dataclass(frozen=True, slots=True)
class GroupStatus:
    group: PresenceRedundancyGroup
    members: tuple[MemberStatus, ...]
    recover: Limitation | None
    """Why Recover is not possible now; None when it is."""
    hearing: tuple[Hearing, ...]

    @property
    def is_pair(self) -> bool:
        return len(self.members) == NODES_OF_PAIR

    @property
    def shows_ha(self) -> bool:
        return self.is_pair and self.group.ha_enabled

    @property
    def advice(self) -> Advice | None:
        if not self.shows_ha:
            return None
        one, other = (Standing(m.name, NodeState(m.state), Reason(m.reason)) for m in self.members)
        return advice(one, other)

    @property
    def assigned(self) -> int:
        return sum(m.status.users for m in self.members)

    @property
    def active(self) -> int | None:
        known = [m.active for m in self.members]
        return None if None in known else sum(n for n in known if n is not None)


def group_status(group: PresenceRedundancyGroup, *, now: datetime) -> GroupStatus:
    found = (
        group.members.select_related("node__cluster", "node__last_report")
        .annotate(users=Count("node__presence_users"))
        .order_by("position")
    )
    rows = list(found)
    pair = load_pair(group.pk)
    statuses = [node_status(row.node, now=now, users=row.users) for row in rows]
    users = {s.node.name: s.users for s in statuses}
    members = tuple(
        _member(row, status, pair, i, users)
        for i, (row, status) in enumerate(zip(rows, statuses, strict=True))
    )
    return GroupStatus(
        group=group,
        members=members,
        recover=limitation(pair, Action.RECOVER),
        hearing=_hearing(members),
    )


def _member(
    row: Member, status: NodeStatus, pair: Pair, index: int, users: dict[str, int]
) -> MemberStatus:
    view = pair.nodes[index]
    action = offered_action(view)
    return MemberStatus(
        status=status,
        state=row.state,
        reason=row.reason,
        since=row.state_since_at,
        peer=next((n.name for i, n in enumerate(pair.nodes) if i != index), ""),
        active=_active(view, status, users),
        action=action,
        limitation=limitation(pair, action, index) if action else None,
        hearing=_peer_hearing(status),
    )


def offered_action(node: NodeView) -> Action | None:
    """The button that belongs to the node's state (domain facts 1.1), possible now or not."""
    if node.state in FAILED_OVER_STATES:
        return Action.FALLBACK
    # A backup is left by Fallback on its peer, a failed group by Recover.
    if node.state in (NodeState.BACKUP, NodeState.FAILED, NodeState.UNKNOWN):
        return None
    return Action.FAILOVER


def _active(view: NodeView, status: NodeStatus, users: dict[str, int]) -> int | None:
    """Believed is what the node reports, not what was ordered."""
    if view.state is NodeState.DOWN and not status.reachable:
        return 0
    if not status.reachable or status.report is None:
        return None
    return sum(users.get(home, 0) for home in status.report.serving)


def _hearing(members: tuple[MemberStatus, ...]) -> tuple[Hearing, ...]:
    engine = [_engine_hearing(m.status) for m in members]
    return (*engine, *(m.hearing for m in members if m.hearing))


def _engine_hearing(status: NodeStatus) -> Hearing:
    stored = getattr(status.node, "last_report", None)
    rtt = stored.rtt_ms if stored and status.reachable else None
    silence = 0.0 if status.reachable else status.silence_s
    error = "" if status.reachable else (status.error or "silent")
    return Hearing("", status.node.name, error, silence, rtt)


def _peer_hearing(status: NodeStatus) -> Hearing | None:
    if not status.reachable or status.report is None or status.report.peer is None:
        return None
    peer = status.report.peer
    return Hearing(status.node.name, peer.name, peer.error, peer.silence_s, peer.rtt_ms)
