"""What stopping a service would lead to, in numbers, for the person who is about to do it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count

from prg_admin.domain.states import FAILED_OVER_STATES, NodeState
from prg_admin.domain.timing import RecoverySettings, service_delay
from prg_admin.topology.models import Node


class Effect(StrEnum):
    NONE = "none"
    """No critical service: nobody is moved."""
    FAILOVER = "failover"
    """After the delay the node's users fail over to the peer."""
    BACKUP_FAILS = "backup-fails"
    """The node serves the users of both nodes, and its peer is no help."""
    ALREADY_AWAY = "already-away"
    """The node's users are served by its peer already."""
    UNPROTECTED = "unprotected"
    """No High Availability: the node's users are without service."""


@dataclass(frozen=True, slots=True)
class Consequence:
    effect: Effect
    critical: tuple[str, ...]
    """Those of the services that are critical."""
    group: str = ""
    peer: str = ""
    users: int = 0
    """Users who are concerned."""
    delay_s: float = 0.0


def consequence(
    node: Node, services: Collection[str], *, settings: RecoverySettings
) -> Consequence:
    """``node`` comes with its number of users and its group; at most one query."""
    critical = tuple(name for name in services if name in settings.critical_services)
    users = getattr(node, "users", 0)
    if not critical:
        return Consequence(Effect.NONE, (), users=users)
    try:
        member = node.member
    except ObjectDoesNotExist:
        return Consequence(Effect.UNPROTECTED, critical, users=users)
    group = member.group
    if not group.ha_enabled:
        return Consequence(Effect.UNPROTECTED, critical, group=group.name, users=users)
    others = group.members.exclude(node=node).select_related("node")
    peer = others.annotate(users=Count("node__presence_users")).first()
    found = Consequence(
        effect=_effect(NodeState(member.state)),
        critical=critical,
        group=group.name,
        peer=peer.node.name if peer else "",
        users=users,
        delay_s=service_delay(settings),
    )
    if found.effect is Effect.BACKUP_FAILS and peer:
        return Consequence(
            found.effect, critical, found.group, found.peer, users + peer.users, found.delay_s
        )
    return found


def _effect(state: NodeState) -> Effect:
    if state is NodeState.BACKUP:
        return Effect.BACKUP_FAILS
    return Effect.ALREADY_AWAY if state in FAILED_OVER_STATES else Effect.FAILOVER
