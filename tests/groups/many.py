"""Very many groups at once, for what has to stay quick with them."""

from __future__ import annotations

from django.db import connection

from prg_admin.domain.states import NodeState, Reason
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.topology.models import Cluster, Node, NodeReport
from tests.factories import VERSION

BATCH = 2000


def create_many_groups(count: int) -> None:
    """Pairs with High Availability: ``group-00000`` of ``imp-00000-1`` and ``imp-00000-2`` ...

    Three of them are a cluster.
    """
    clusters = Cluster.objects.bulk_create(
        Cluster(name=f"cluster-{number:04}") for number in range((count + 2) // 3)
    )
    groups = PresenceRedundancyGroup.objects.bulk_create(
        (
            PresenceRedundancyGroup(
                cluster=clusters[number // 3],
                name=f"group-{number:05}",
                description=f"Building {number % 97}, floor {number % 13}",
                ha_enabled=True,
            )
            for number in range(count)
        ),
        batch_size=BATCH,
    )
    nodes = Node.objects.bulk_create(
        (
            Node(
                cluster=clusters[number // 6],
                name=f"imp-{number // 2:05}-{number % 2 + 1}",
                address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
                port=8443,
                publisher="imp-pub",
            )
            for number in range(2 * count)
        ),
        batch_size=BATCH,
    )
    NodeReport.objects.bulk_create(
        (NodeReport(node=node, version=VERSION, reachable=True) for node in nodes),
        batch_size=BATCH,
    )
    Member.objects.bulk_create(
        (
            Member(
                group=groups[number // 2],
                node=node,
                position=number % 2 + 1,
                state=NodeState.NORMAL,
                reason=Reason.NORMAL,
            )
            for number, node in enumerate(nodes)
        ),
        batch_size=BATCH,
    )
    # The database still plans for empty tables, also when it checks the foreign keys in the end.
    with connection.cursor() as cursor:
        cursor.execute("analyze")
