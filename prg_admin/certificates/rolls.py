"""Rolls: who is logged in on which node, asked of the nodes now and then.

The nodes of pairs with High Availability are asked by turns, each about once a minute; in a large
installation less often, so that asking costs the same. Who tells the revision that is known has
nothing more to tell.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from prg_admin.certificates.models import Roll
from prg_admin.certificates.packing import pack, unpack
from prg_admin.groups.models import Member
from prg_admin.topology import asking
from prg_admin.topology.agents import AgentError, Target
from prg_admin.topology.asking import KnownRoll
from prg_admin.topology.models import Node

logger = logging.getLogger(__name__)

TURN_S = 10
"""Between two turns."""
TURNS = 6
"""In which everybody is asked once, while they are few."""
MOST_ASKED = 32
"""Nodes of one turn."""
TIMEOUT_S = 5.0
"""Of a node for all pages of its roll."""
KEPT = 2


def due_nodes(*, now: datetime) -> list[Node]:
    """Those whose turn it is, of all that answer in pairs with High Availability."""
    members = Member.objects.filter(group__ha_enabled=True, node__last_report__reachable=True)
    keys = list(members.order_by("node_id").values_list("node_id", flat=True))
    turns = max(TURNS, -(-len(keys) // MOST_ASKED))
    turn = int(now.timestamp()) // TURN_S % turns
    return list(Node.objects.filter(pk__in=keys[turn::turns]))


def rolls_take(nodes: Sequence[Node], *, clock: Callable[[], datetime]) -> int:
    """How many told. Each is asked once; who does not tell keeps the roll that is known."""
    known = latest_rolls(node.pk for node in nodes)
    asked: list[tuple[Target, KnownRoll | None]] = []
    for node in nodes:
        roll = known.get(node.pk)
        target = Target(node.name, node.address, node.port, TIMEOUT_S)
        asked.append((target, (roll.boot_id, roll.revision) if roll else None))
    begun = clock()
    told = asking.call_rolls(asked)
    return sum(
        _keep(node, known.get(node.pk), roll, begun, clock())
        for node, roll in zip(nodes, told, strict=True)
    )


def latest_rolls(node_ids: Iterable[int]) -> dict[int, Roll]:
    found = Roll.objects.filter(node__in=list(node_ids)).defer("users")
    return {roll.node_id: roll for roll in _newest(found)}


@transaction.atomic
def _keep(
    node: Node, known: Roll | None, told: asking.Roll | AgentError, begun: datetime, now: datetime
) -> bool:
    if isinstance(told, AgentError):
        logger.info("%s does not tell who is logged in: %s", node.name, told)
        return False
    if told.users is None and known is not None:
        Roll.objects.filter(pk=known.pk, confirmed_at__lt=begun).update(confirmed_at=begun)
        return True
    values = {"taken_at": now, "confirmed_at": begun, "users": pack(list(told.users or ()))}
    # Another worker may have asked at the same time: the first to write keeps its row.
    key = {"node": node, "boot_id": told.boot_id, "revision": told.revision}
    Roll.objects.get_or_create(**key, defaults=values)
    newest = Roll.objects.filter(node=node).order_by("-taken_at", "-id").values("pk")[:KEPT]
    Roll.objects.filter(node=node).exclude(
        pk__in=list(newest.values_list("pk", flat=True))
    ).delete()
    return True


def rolls_before(names: Iterable[str], at: datetime) -> dict[str, dict[str, object]]:
    """The last roll of each node that was told by then, and of when it is known to be true."""
    found = Roll.objects.filter(node__name__in=list(names), taken_at__lte=at)
    return {
        roll.node.name: _kept(roll, min(at, max(roll.taken_at, roll.confirmed_at)))
        for roll in _newest(found).select_related("node")
    }


def rolls_after(names: Iterable[str], at: datetime) -> dict[str, dict[str, object]]:
    """The latest roll of each node that was asked since then."""
    found = Roll.objects.filter(node__name__in=list(names), confirmed_at__gte=at)
    return {
        roll.node.name: _kept(roll, max(roll.taken_at, roll.confirmed_at))
        for roll in _newest(found).select_related("node")
    }


def _newest(rolls: QuerySet[Roll]) -> QuerySet[Roll]:
    """One of each node."""
    return rolls.order_by("node_id", "-taken_at", "-id").distinct("node_id")


def _kept(roll: Roll, at: datetime) -> dict[str, object]:
    return {"at": at.isoformat(), "users": unpack(roll.users)}
