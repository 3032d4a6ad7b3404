"""The Presence Topology: clusters, their groups and nodes, and the users on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower

from prg_admin.domain.assignment import GroupSeats, Layout, Survivor, survivors
from prg_admin.topology.models import Cluster, Node
from prg_admin.topology.selectors import NodeStatus, node_list, node_status


@dataclass(frozen=True, slots=True)
class TreeGroup:
    pk: int
    name: str
    ha_enabled: bool
    nodes: tuple[NodeStatus, ...]

    @property
    def users(self) -> int:
        return sum(node.users for node in self.nodes)

    @property
    def survivor(self) -> Survivor | None:
        """What a node would have to serve if its peer failed; of both it is the same."""
        names = tuple(node.name for node in self.nodes)
        layout = Layout((GroupSeats(self.name, names, self.ha_enabled),), self.users_by_node)
        return next(iter(survivors(layout)), None)

    @property
    def users_by_node(self) -> dict[str, int]:
        return {node.name: node.users for node in self.nodes}


@dataclass(frozen=True, slots=True)
class TreeCluster:
    cluster: Cluster
    groups: tuple[TreeGroup, ...]
    unassigned: tuple[NodeStatus, ...]
    """Nodes in no group."""
    users: int
    unassigned_users: int
    waiting_users: int
    """Of them, those who wait for the Sync Agent."""

    @property
    def nodes(self) -> int:
        return len(self.unassigned) + sum(len(group.nodes) for group in self.groups)

    @property
    def alarms(self) -> int:
        every = [*self.unassigned, *(node for group in self.groups for node in group.nodes)]
        return sum(not node.reachable for node in every)


def clusters_with_users() -> QuerySet[Cluster]:
    """Groups and users are found by their relations: their apps stand above this one."""
    users, lost = Count("presence_users"), Q(presence_users__home__isnull=True)
    waiting = Q(presence_users__queued_at__isnull=False)
    found = Cluster.objects.annotate(
        users=users,
        unassigned_users=Count("presence_users", filter=lost),
        waiting_users=Count("presence_users", filter=waiting),
    )
    return found.order_by(Lower("name"))


def topology_tree(clusters: Iterable[Cluster], *, now: datetime) -> list[TreeCluster]:
    """For clusters of ``clusters_with_users``; two queries, whatever there is in them."""
    listed = list(clusters)
    keys = [cluster.pk for cluster in listed]
    nodes: dict[int, list[Node]] = {key: [] for key in keys}
    for node in node_list().filter(cluster__in=keys):
        nodes[node.cluster_id].append(node)
    groups: dict[int, list[tuple[int, str, bool]]] = {key: [] for key in keys}
    wanted = Cluster.objects.filter(pk__in=keys, groups__isnull=False).order_by("groups__name")
    for key, pk, name, ha in wanted.values_list(
        "pk", "groups__pk", "groups__name", "groups__ha_enabled"
    ):
        groups[key].append((pk, name, ha))
    return [_cluster(one, groups[one.pk], nodes[one.pk], now) for one in listed]


def _cluster(
    cluster: Cluster, groups: list[tuple[int, str, bool]], nodes: list[Node], now: datetime
) -> TreeCluster:
    placed: dict[int, list[tuple[int, NodeStatus]]] = {pk: [] for pk, _name, _ha in groups}
    unassigned = []
    for node in nodes:
        status = node_status(node, now=now, users=getattr(node, "users", 0))
        try:
            member = node.member
        except ObjectDoesNotExist:
            unassigned.append(status)
        else:
            placed.setdefault(member.group_id, []).append((member.position, status))
    return TreeCluster(
        cluster=cluster,
        groups=tuple(
            TreeGroup(pk, name, ha, tuple(s for _p, s in sorted(placed[pk], key=lambda x: x[0])))
            for pk, name, ha in groups
        ),
        unassigned=tuple(unassigned),
        users=getattr(cluster, "users", 0),
        unassigned_users=getattr(cluster, "unassigned_users", 0),
        waiting_users=getattr(cluster, "waiting_users", 0),
    )
