"""Failovers and fallbacks of simulated nodes, with the chores that gather certificates."""

from __future__ import annotations

from datetime import timedelta

from prg_admin.certificates import services
from prg_admin.certificates.models import Certificate
from prg_admin.domain.requests import Action
from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser
from tests.recovery.agents import SimPair


def create_people(**homes: str) -> None:
    """``ann="a"``: Ann is at home on node a."""
    nodes = {node.name: node for node in Node.objects.all()}
    for userid, name in homes.items():
        node = nodes[name]
        PresenceUser.objects.create(cluster=node.cluster, userid=userid, home=node)


def note(pair: SimPair) -> None:
    services.movements_note(group_id=pair.group_id, clock=lambda: pair.now)


def gather(pair: SimPair) -> None:
    services.gather(clock=lambda: pair.now)


def gather_all(pair: SimPair) -> None:
    """In the last minute each node had its turn."""
    for seconds in range(-50, 10, 10):
        at = pair.now + timedelta(seconds=seconds)
        services.gather(clock=lambda at=at: at)


def fail_over(pair: SimPair, *, noted: bool = True) -> None:
    """Of the first node, as a person asks for it."""
    assert pair.ask(Action.FAILOVER, 0) is None
    if noted:
        note(pair)
    pair.run(3)
    note(pair)
    gather(pair)


def fall_back(pair: SimPair) -> None:
    assert pair.ask(Action.FALLBACK, 0) is None
    note(pair)
    pair.run(5)
    note(pair)
    gather(pair)


def newest() -> Certificate:
    return Certificate.objects.exclude(way="nowhere").order_by("-pk")[0]
