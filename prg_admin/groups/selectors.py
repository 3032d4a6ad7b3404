"""Reading groups: the choices of the form, and the facts its validation needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from prg_admin.domain.group_rules import CurrentGroup, GroupContext, GroupDraft, enables_ha
from prg_admin.domain.limitations import limitation
from prg_admin.domain.naming import NAME_LENGTH
from prg_admin.domain.preflight import Preflight, preflight
from prg_admin.domain.requests import Action
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import draft_pair, pair_of
from prg_admin.lib.statements import Prepared, rows_of
from prg_admin.parameters.selectors import ClusterValues, recovery_settings
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import USERS, for_facts, last_report, node_fact

NODES_OF_PAIR = 2
READ = "members_read"
OF_FREE = """
    from topology_node node
    join topology_cluster cluster on cluster.id = node.cluster_id
    left join topology_nodereport report on report.node_id = node.id
    where not exists (select from groups_member where node_id = node.id)
"""
FREE = f"select cluster.name, node.name, coalesce(report.version, '') {OF_FREE}"
OF_CLUSTER = " and node.cluster_id = %s"
ITS_CLUSTER = "groups_presenceredundancygroup.cluster_id"
READ_WITH_GROUP = {
    "free_nodes": f"""
        select json_agg(json_build_array(cluster.name, node.name, coalesce(report.version, '')))
            ::text {OF_FREE} and node.cluster_id = {ITS_CLUSTER}
    """,
    "cluster_values": f"""
        select json_agg(json_build_array(node_id, service, name, value))::text
        from parameters_parametervalue where cluster_id = {ITS_CLUSTER}
    """,  # noqa: S608 - a fixed text
}
LONGEST_SUFFIX = len("-copy") + 6
"""Of a copy's name, with its number."""


class Choice(NamedTuple):
    """A node that can be chosen."""

    cluster: str
    name: str
    version: str = ""
    """Empty while it was never heard."""


def node_choices(group: PresenceRedundancyGroup | None, typed: Sequence[str] = ()) -> list[Choice]:
    """Nodes in no group, those of this group, and those already chosen in an open form.

    A group stays in its cluster: of the others' nodes none is offered, nor looked for among all.
    """
    if group:
        found = {_choice(member.node) for member in members_of(group)}
        free = vars(group).get("free_nodes")
        free = rows_of(FREE + OF_CLUSTER, group.cluster_id) if free is None else free
        found |= {Choice(*row) for row in free}
    else:
        found = {Choice(*row) for row in rows_of(FREE)}
    others = {name for name in typed if name} - {choice.name for choice in found}
    if others:
        # Asked for apart: in one question no index would help to find either.
        nodes = Node.objects.select_related("cluster", "last_report")
        found |= {_choice(node) for node in nodes.filter(name__in=others)}
    return sorted(found)


def _choice(node: Node) -> Choice:
    stored = last_report(node)
    return Choice(node.cluster.name, node.name, stored.version if stored else "")


def members_read(group: PresenceRedundancyGroup) -> list[Member]:
    """The members by position as they are now, with all that is shown of their nodes; one query."""
    found = list(_shown_members().select_related("node__cluster").filter(group=group.pk))
    vars(group)[READ] = found
    return found


def group_with_members(pk: int) -> PresenceRedundancyGroup | None:
    """The same with the group itself, the parameters of its cluster and the nodes free in it.

    None for a group without a member.
    """
    found = WHOLE(pk)
    if not found:
        return None
    group = found[0].group
    for name in READ_WITH_GROUP:
        vars(group)[name] = json.loads(vars(found[0])[name] or "[]")
    for member in found:
        # A group is of one cluster, that of its nodes.
        member.group = group
        member.node.cluster = group.cluster
    vars(group)[READ] = found
    return group


def values_of_cluster(group: PresenceRedundancyGroup) -> ClusterValues:
    """Its parameters, read already where the group's page has read them."""
    read = vars(group).get("cluster_values")
    return ClusterValues.of(group.cluster_id) if read is None else ClusterValues.read(read)


def _shown_members() -> QuerySet[Member]:
    users = RawSQL(USERS.format("groups_member.node_id"), ())  # noqa: S611 - a fixed text
    members = Member.objects.select_related("node__last_report")
    return members.annotate(users=users).order_by("position")


def _whole_group(pk: int) -> QuerySet[Member]:
    # One question for all of it: each further one would cost a tenth of the page.
    more = {name: RawSQL(rows, ()) for name, rows in READ_WITH_GROUP.items()}  # noqa: S611
    members = _shown_members().select_related("group__cluster").annotate(**more)
    return members.filter(group=pk)


WHOLE = Prepared(_whole_group, int)


def members_of(group: PresenceRedundancyGroup) -> list[Member]:
    """The same, read already where the group's page has read them."""
    return vars(group).get(READ) or members_read(group)


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
    nodes: Iterable[Node] | None = None,
) -> GroupContext:
    """What the validator has to know to judge ``draft``; ``group`` is None for a new one.

    ``current`` is the stored group and ``nodes`` its and the draft's nodes (``for_facts``) where
    the caller has read them already.
    """
    current = current or (current_group(group) if group else None)
    names = {*draft.servers}
    if current:
        names |= {name for name in (current.server1, current.server2) if name}
    found = for_facts(Node.objects.filter(name__in=names)) if nodes is None else nodes
    facts = {node.name: node_fact(node) for node in found}
    outlook = group_preflight(draft, group, now=now) if enables_ha(draft, current) else None
    return GroupContext(
        other_names=_other_names(draft, group, current),
        nodes=facts,
        other_groups=_other_groups({fact.cluster for fact in facts.values()}, group, current),
        current=current,
        to_confirm=outlook.token if outlook else "",
    )


def _other_names(
    draft: GroupDraft, group: PresenceRedundancyGroup | None, current: CurrentGroup | None
) -> frozenset[str]:
    if current and current.name.lower() == draft.name.lower():
        return frozenset()  # names are unique without case: nobody else has the group's own
    same = PresenceRedundancyGroup.objects.filter(name__iexact=draft.name)
    others = same.exclude(pk=group.pk) if group else same
    return frozenset(others.values_list("name", flat=True))


def _other_groups(
    clusters: set[str], group: PresenceRedundancyGroup | None, current: CurrentGroup | None
) -> dict[str, int]:
    """Of the clusters that the group would be new in: others are not counted, nothing asks."""
    new = clusters - ({current.cluster} if current else set())
    if not new:
        return {}
    groups = PresenceRedundancyGroup.objects.filter(cluster__name__in=new)
    others = groups.exclude(pk=group.pk) if group else groups
    counted = others.values("cluster__name").annotate(groups=Count("pk")).order_by()
    return {row["cluster__name"]: row["groups"] for row in counted}


def current_group(group: PresenceRedundancyGroup, draft: GroupDraft | None = None) -> CurrentGroup:
    """The stored group with what the engine allows to be changed of it; one query at most.

    Of a ``draft`` that leaves its nodes and High Availability alone nothing has to be allowed.
    """
    if draft and draft.ha_enabled == group.ha_enabled:
        names = _member_names(group)
        if names == draft.servers:
            return _current(group, dict(enumerate(names, start=1)))
    members = list(group.members.order_by("position").select_related("node__last_report"))
    servers = {member.position: member.node.name for member in members}
    pair = pair_of(group, members)
    members_fixed = limitation(pair, Action.CHANGE_MEMBERS)
    ha_fixed = limitation(pair, Action.DISABLE_HA) if group.ha_enabled else None
    return _current(group, servers, members_fixed=members_fixed, ha_fixed=ha_fixed)


def _member_names(group: PresenceRedundancyGroup) -> tuple[str, ...]:
    """By position; read already where the group was locked."""
    read: list[str] | None = vars(group).get("member_names")
    if read is None:
        read = list(group.members.order_by("position").values_list("node__name", flat=True))
    return tuple(read)


def _current(
    group: PresenceRedundancyGroup, servers: dict[int, str], **fixed: str | None
) -> CurrentGroup:
    return CurrentGroup(
        name=group.name,
        cluster=group.cluster.name,
        server1=servers.get(1),
        server2=servers.get(2),
        ha_enabled=group.ha_enabled,
        **fixed,
    )


def users_of_groups(groups: Iterable[PresenceRedundancyGroup]) -> dict[int, dict[str, int]]:
    """Key of the group to node name, first node first, to its number of users; one query."""
    users: dict[int, dict[str, int]] = {group.pk: {} for group in groups}
    counted = Node.objects.filter(member__group__in=users).annotate(users=Count("presence_users"))
    found = counted.order_by("member__position")
    for group, name, count in found.values_list("member__group_id", "name", "users"):
        users[group][name] = count
    return users
