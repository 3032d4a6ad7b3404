"""Reading groups: the choices of the form, and the facts its validation needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Exists, OuterRef

from prg_admin.domain.group_rules import CurrentGroup, GroupContext, GroupDraft, enables_ha
from prg_admin.domain.limitations import limitation
from prg_admin.domain.naming import NAME_LENGTH
from prg_admin.domain.preflight import Preflight, preflight
from prg_admin.domain.requests import Action
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import draft_pair, pair_of
from prg_admin.parameters.selectors import recovery_settings
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_facts

NODES_OF_PAIR = 2
LONGEST_SUFFIX = len("-copy") + 6
"""Of a copy's name, with its number."""


def node_choices(group: PresenceRedundancyGroup | None, typed: Sequence[str] = ()) -> list[Node]:
    """Nodes in no group, those of this group, and those already chosen in an open form."""
    nodes = Node.objects.select_related("cluster", "last_report")
    free = nodes.filter(~Exists(Member.objects.filter(node=OuterRef("pk"))))
    names = {name for name in typed if name}
    if group:
        names |= set(group.members.values_list("node__name", flat=True))
    # Asked for apart: in one question no index would help to find either.
    found = {node.pk: node for node in (*free, *nodes.filter(name__in=names))}
    return sorted(found.values(), key=lambda node: (node.cluster.name, node.name))


def copy_name(name: str) -> str:
    """A name for a copy of the group that no group has: ``name-copy``, ``name-copy2`` ..."""
    base = f"{name[: NAME_LENGTH - LONGEST_SUFFIX]}-copy"
    groups = PresenceRedundancyGroup.objects.filter(name__istartswith=base)
    taken = {taken.lower() for taken in groups.values_list("name", flat=True)}
    proposed = (base + number for number in ("", *map(str, range(2, len(taken) + 3))))
    return next(name for name in proposed if name.lower() not in taken)


def unassigned_nodes() -> int:
    # A node has one member at most: two counts are cheaper than looking for each node's.
    return max(0, Node.objects.count() - Member.objects.count())


def group_preflight(
    draft: GroupDraft, group: PresenceRedundancyGroup | None, *, now: datetime
) -> Preflight | None:
    """What enabling High Availability as drafted would do; None without two known nodes."""
    found = Node.objects.filter(name__in=draft.servers).select_related("last_report")
    nodes = {node.name: node for node in found}
    if len(nodes) != NODES_OF_PAIR:
        return None
    pair = draft_pair([nodes[name] for name in draft.servers], group)
    cluster = nodes[draft.servers[0]].cluster_id
    return preflight(pair, settings=recovery_settings([cluster])[cluster], now=now)


def group_context(
    draft: GroupDraft,
    group: PresenceRedundancyGroup | None,
    *,
    now: datetime,
    current: CurrentGroup | None = None,
) -> GroupContext:
    """What the validator has to know to judge ``draft``; ``group`` is None for a new one.

    ``current`` is the stored group where the caller has read it already.
    """
    groups = PresenceRedundancyGroup.objects
    others = groups.exclude(pk=group.pk) if group else groups.all()
    current = current or (current_group(group) if group else None)
    names = {*draft.servers}
    if current:
        names |= {name for name in (current.server1, current.server2) if name}
    nodes = node_facts(Node.objects.filter(name__in=names))
    outlook = group_preflight(draft, group, now=now) if enables_ha(draft, current) else None
    # Of the clusters in question alone: counting those of all would take the longer, the more
    # groups there are.
    near = others.filter(cluster__name__in={node.cluster for node in nodes})
    clusters = near.values("cluster__name").annotate(groups=Count("pk")).order_by()
    return GroupContext(
        other_names=frozenset(
            others.filter(name__iexact=draft.name).values_list("name", flat=True)
        ),
        nodes={node.name: node for node in nodes},
        other_groups={row["cluster__name"]: row["groups"] for row in clusters},
        current=current,
        to_confirm=outlook.token if outlook else "",
    )


def current_group(group: PresenceRedundancyGroup) -> CurrentGroup:
    """The stored group with what the engine allows to be changed of it; one query."""
    members = list(group.members.select_related("node__last_report").order_by("position"))
    servers = {member.position: member.node.name for member in members}
    pair = pair_of(group, members)
    return CurrentGroup(
        name=group.name,
        cluster=group.cluster.name,
        server1=servers.get(1),
        server2=servers.get(2),
        ha_enabled=group.ha_enabled,
        members_fixed=limitation(pair, Action.CHANGE_MEMBERS),
        ha_fixed=limitation(pair, Action.DISABLE_HA) if group.ha_enabled else None,
    )


def users_of_members(group: PresenceRedundancyGroup) -> dict[str, int]:
    """Node name to its number of assigned users."""
    members = group.members.annotate(users=Count("node__presence_users"))
    return {m.node.name: m.users for m in members.select_related("node")}
