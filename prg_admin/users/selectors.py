"""Reading presence users: how many are where, and what assignment has to know of a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Lower

from prg_admin.domain import catalogue
from prg_admin.domain.assignment import GroupSeats, Layout, Mode
from prg_admin.domain.states import FAILED_OVER_STATES, NodeState
from prg_admin.groups.models import Member
from prg_admin.parameters.selectors import parameter
from prg_admin.topology.models import Cluster, Node
from prg_admin.users.models import PresenceUser, QueueReason
from prg_admin.users.plans import Seats, Tally

AWAY = FAILED_OVER_STATES | {NodeState.FAILING_OVER, NodeState.TAKING_BACK}
"""A node from the beginning of its failover until its users are back."""


def assigned_counts(node_ids: Iterable[int]) -> dict[int, int]:
    """Number of assigned users by node; one query, nodes without users are 0."""
    counts = dict.fromkeys(node_ids, 0)
    rows = PresenceUser.objects.filter(home_id__in=list(counts)).order_by().values_list("home_id")
    counts.update({home: n for home, n in rows.annotate(n=Count("id")) if home is not None})
    return counts


def unassigned_count(cluster_id: int) -> int:
    return PresenceUser.objects.filter(cluster_id=cluster_id, home__isnull=True).count()


def assignment_mode(cluster_id: int) -> Mode:
    return Mode(parameter(cluster_id, catalogue.ENTERPRISE, catalogue.USER_ASSIGNMENT_MODE))


def cluster_seats(cluster_id: int) -> Seats:
    """Raises ``Cluster.DoesNotExist``. Five queries, whatever the number of users."""
    cluster = Cluster.objects.get(pk=cluster_id)
    nodes = dict(Node.objects.filter(cluster=cluster).values_list("name", "pk"))
    counts = assigned_counts(nodes.values())
    members = list(
        Member.objects.filter(group__cluster=cluster)
        .select_related("node", "group")
        .order_by(Lower("group__name"), "position")
    )
    return Seats(
        cluster=cluster.name,
        mode=assignment_mode(cluster_id),
        layout=Layout(_groups(members), {name: counts[pk] for name, pk in nodes.items()}),
        node_ids=nodes,
        failed_over=tuple((m.node.name, m.state) for m in members if m.state in AWAY),
    )


def _groups(members: list[Member]) -> tuple[GroupSeats, ...]:
    nodes: dict[str, list[str]] = {}
    for member in members:
        nodes.setdefault(member.group.name, []).append(member.node.name)
    with_ha = {member.group.name for member in members if member.group.ha_enabled}
    return tuple(GroupSeats(name, tuple(of), name in with_ha) for name, of in nodes.items())


def tally(users: QuerySet[PresenceUser]) -> Tally:
    """How many of the users are at home where; one query."""
    rows = users.order_by().values_list("home__name")
    unlicensed = Count("pk", filter=Q(is_licensed=False))
    homes, without = {}, 0
    for home, count, number in rows.annotate(n=Count("pk"), unlicensed=unlicensed):
        homes[home or ""] = count
        without += number
    return Tally(homes, without)


def users_by_cluster(users: QuerySet[PresenceUser]) -> list[tuple[int, str, int]]:
    """Key and name of each cluster that has some of the users, and how many."""
    rows = users.order_by().values_list("cluster_id", "cluster__name")
    return list(rows.annotate(n=Count("pk")).order_by(Lower("cluster__name")))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Users of one cluster who wait for the Sync Agent for the same reason."""

    cluster: str
    reason: QueueReason
    users: int
    since: datetime
    nodes: tuple[tuple[str, str], ...] = ()
    """Those that are failed over, with their states, when that is the reason."""


def waiting_users() -> list[Waiting]:
    """One query where nobody waits, else two."""
    rows = PresenceUser.objects.filter(queued_at__isnull=False).order_by()
    found = list(
        rows.values_list("cluster_id", "cluster__name", "queue_reason")
        .annotate(n=Count("pk"), since=Min("queued_at"))
        .order_by(Lower("cluster__name"), "queue_reason")
    )
    if not found:
        return []
    away: dict[int, list[tuple[str, str]]] = {}
    members = Member.objects.filter(group__cluster__in={row[0] for row in found}, state__in=AWAY)
    for pk, node, state in members.order_by("node__name").values_list(
        "group__cluster_id", "node__name", "state"
    ):
        away.setdefault(pk, []).append((node, state))
    return [
        Waiting(
            name,
            QueueReason(reason),
            users,
            since,
            tuple(away.get(pk, ())) if reason == QueueReason.FAILED_OVER else (),
        )
        for pk, name, reason, users, since in found
    ]
