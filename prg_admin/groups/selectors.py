"""Reading groups: the list, the choices of the form, and the facts its validation needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower

from prg_admin.domain.pair import Action, limitation
from prg_admin.domain.preflight import Preflight, preflight
from prg_admin.domain.validation import CurrentGroup, GroupContext, GroupDraft, enables_ha
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import draft_pair, load_pair
from prg_admin.parameters.selectors import recovery_settings
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_facts


class Operator(StrEnum):
    """Of the search row, in the order of the drop-down (domain facts 6.9)."""

    BEGINS_WITH = "begins-with"
    CONTAINS = "contains"
    IS_EXACTLY = "is-exactly"
    ENDS_WITH = "ends-with"
    IS_EMPTY = "is-empty"
    IS_NOT_EMPTY = "is-not-empty"


LOOKUPS = {
    Operator.BEGINS_WITH: "istartswith",
    Operator.CONTAINS: "icontains",
    Operator.IS_EXACTLY: "iexact",
    Operator.ENDS_WITH: "iendswith",
}
NODES_OF_PAIR = 2
SEARCH_FIELDS = ("name", "description")


@dataclass(frozen=True, slots=True)
class Search:
    field: str = "name"
    operator: Operator = Operator.BEGINS_WITH
    text: str = ""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One line of the list."""

    group: PresenceRedundancyGroup
    members: tuple[Member, ...]
    users: int


def find_groups(search: Search) -> QuerySet[PresenceRedundancyGroup]:
    """Without regard to case and without wildcards; an empty text finds all."""
    groups = PresenceRedundancyGroup.objects.select_related("cluster").order_by(Lower("name"))
    empty = Q(**{search.field: ""})
    if search.operator is Operator.IS_EMPTY:
        return groups.filter(empty)
    if search.operator is Operator.IS_NOT_EMPTY:
        return groups.exclude(empty)
    if not search.text:
        return groups
    return groups.filter(**{f"{search.field}__{LOOKUPS[search.operator]}": search.text})


def group_rows(groups: Iterable[PresenceRedundancyGroup]) -> list[GroupRow]:
    """The groups of one page with members and users, in one further query."""
    listed = list(groups)
    members: dict[int, list[Member]] = {}
    users: dict[int, int] = {}
    found = (
        Member.objects.filter(group__in=listed)
        .select_related("node")
        .annotate(users=Count("node__presence_users"))
        .order_by("group_id", "position")
    )
    for member in found:
        members.setdefault(member.group_id, []).append(member)
        users[member.group_id] = users.get(member.group_id, 0) + member.users
    return [GroupRow(g, tuple(members.get(g.pk, ())), users.get(g.pk, 0)) for g in listed]


def node_choices(group: PresenceRedundancyGroup | None, typed: Sequence[str] = ()) -> list[Node]:
    """Nodes in no group, those of this group, and those already chosen in an open form."""
    wanted = Q(member=None) | Q(name__in=[name for name in typed if name])
    if group:
        wanted |= Q(member__group=group)
    return list(Node.objects.filter(wanted).select_related("cluster", "last_report"))


def unassigned_nodes() -> int:
    return Node.objects.filter(member=None).count()


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
    draft: GroupDraft, group: PresenceRedundancyGroup | None, *, now: datetime
) -> GroupContext:
    """What the validator has to know to judge ``draft``; ``group`` is None for a new one."""
    groups = PresenceRedundancyGroup.objects
    others = groups.exclude(pk=group.pk) if group else groups.all()
    current = current_group(group) if group else None
    names = {*draft.servers}
    if current:
        names |= {name for name in (current.server1, current.server2) if name}
    nodes = node_facts(Node.objects.filter(name__in=names))
    outlook = group_preflight(draft, group, now=now) if enables_ha(draft, current) else None
    clusters = others.values("cluster__name").annotate(groups=Count("pk")).order_by()
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
    """The stored group with what the engine allows to be changed of it."""
    servers = {m.position: m.node.name for m in group.members.select_related("node")}
    pair = load_pair(group.pk)
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
