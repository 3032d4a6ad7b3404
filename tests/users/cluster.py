"""A cluster of two pairs with users, as most tests of assignment need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from prg_admin.domain import catalogue
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Member
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Cluster, Node
from prg_admin.users.models import PresenceUser
from tests.factories import (
    create_cluster,
    create_group,
    create_node,
    create_presence_users,
    numbers,
)

SQL = """
INSERT INTO users_presenceuser (cluster_id, userid, display_name, is_licensed, home_id)
SELECT %s, 'u' || n, 'User ' || n, true, %s FROM generate_series(%s, %s) AS n
"""


@dataclass(frozen=True)
class Town:
    """``imp1`` and ``imp2`` in group east, ``imp3`` and ``imp4`` in west, both with HA."""

    cluster: Cluster
    nodes: tuple[Node, ...]

    def node(self, number: int) -> Node:
        return self.nodes[number - 1]

    @property
    def counts(self) -> list[int]:
        """Users on each node, and those on none."""
        rows = self.cluster.presence_users.order_by().values_list("home")
        found = dict(rows.annotate(n=Count("pk")))
        return [found.get(node.pk, 0) for node in self.nodes] + [found.get(None, 0)]

    def add(self, *userids: str, home: Node | None = None, **more) -> list[PresenceUser]:
        return [
            PresenceUser.objects.create(cluster=self.cluster, userid=userid, home=home, **more)
            for userid in userids
        ]

    def add_many(self, count: int, *, home: Node | None = None) -> None:
        start = next(numbers) * 100_000
        with connection.cursor() as cursor:
            cursor.execute(SQL, [self.cluster.pk, home and home.pk, start, start + count - 1])

    def set_mode(self, mode: str) -> None:
        ParameterValue.objects.update_or_create(
            cluster=self.cluster,
            service=catalogue.ENTERPRISE,
            name=catalogue.USER_ASSIGNMENT_MODE,
            defaults={"value": mode},
        )

    def set_states(self, *states: NodeState) -> None:
        for node, state in zip(self.nodes, states, strict=False):
            Member.objects.filter(node=node).update(state=state)


def create_town(*users: int, unassigned: int = 0, ha: Sequence[bool] = (True, True)) -> Town:
    cluster = create_cluster()
    number = next(numbers)
    nodes = [create_node(f"imp{i}-{number}", cluster=cluster) for i in range(1, 5)]
    for name, pair, with_ha in zip(("east", "west"), (nodes[:2], nodes[2:]), ha, strict=True):
        create_group(f"{name}-{number}", members=pair, ha_enabled=with_ha)
    for node, count in zip(nodes, users, strict=False):
        create_presence_users(count, home=node)
    town = Town(cluster, tuple(nodes))
    town.add(*(f"new{i}-{number}" for i in range(unassigned)))
    return town
