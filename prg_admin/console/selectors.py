"""What the home page shows, in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q

from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.lib import labels
from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser

MOST_GROUPS = 50
"""Rows of the list; in a great outage the full list is the better place."""


@dataclass(frozen=True)
class MemberRow:
    node: str
    state: str
    label: labels.Label
    reason: str


@dataclass(frozen=True)
class GroupRow:
    pk: int
    name: str
    members: tuple[MemberRow, ...]


@dataclass(frozen=True)
class Overview:
    groups: int
    groups_with_ha: int
    nodes: int
    nodes_reachable: int
    not_normal: int
    """Groups with High Availability of which a node is not Normal."""
    rows: tuple[GroupRow, ...]
    """The first of them."""
    unassigned_nodes: int
    """In no group: users on them have no redundancy, and the Presence Engine does not start."""
    unassigned_users: int
    """Licensed, and without a home node: without service."""

    @property
    def nodes_unreachable(self) -> int:
        return self.nodes - self.nodes_reachable

    @property
    def more(self) -> int:
        return self.not_normal - len(self.rows)


def overview() -> Overview:
    not_normal = ~Q(members__state=NodeState.NORMAL) & Q(members__isnull=False, ha_enabled=True)
    groups = PresenceRedundancyGroup.objects.aggregate(
        all=Count("pk", distinct=True),
        with_ha=Count("pk", filter=Q(ha_enabled=True), distinct=True),
        not_normal=Count("pk", filter=not_normal, distinct=True),
    )
    nodes = Node.objects.aggregate(
        all=Count("pk"),
        reachable=Count("pk", filter=Q(last_report__reachable=True)),
        unassigned=Count("pk", filter=Q(member=None)),
    )
    return Overview(
        groups=groups["all"],
        groups_with_ha=groups["with_ha"],
        nodes=nodes["all"],
        nodes_reachable=nodes["reachable"],
        not_normal=groups["not_normal"],
        rows=tuple(_row(group) for group in _groups_not_normal()),
        unassigned_nodes=nodes["unassigned"],
        unassigned_users=PresenceUser.objects.filter(home=None, is_licensed=True).count(),
    )


def _groups_not_normal() -> list[PresenceRedundancyGroup]:
    abnormal = Member.objects.exclude(state=NodeState.NORMAL).values("group")
    members = Prefetch("members", Member.objects.select_related("node").order_by("position"))
    groups = PresenceRedundancyGroup.objects.filter(ha_enabled=True, pk__in=abnormal)
    return list(groups.prefetch_related(members).order_by("name")[:MOST_GROUPS])


def _row(group: PresenceRedundancyGroup) -> GroupRow:
    return GroupRow(group.pk, group.name, tuple(_member(m) for m in group.members.all()))


def _member(member: Member) -> MemberRow:
    return MemberRow(
        node=member.node.name,
        state=member.state,
        label=labels.state_label(member.state),
        reason=labels.reason_text(member.reason),
    )
