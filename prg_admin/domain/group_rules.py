"""What may be saved as a group, and when one may be deleted (domain facts 5.3, 7 and 10).

One validator for every door: the form as one types, saving, and whatever scripts send. It reads no
database: what it has to know of the rest of the house is handed in as frozen facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prg_admin.domain.naming import name_rules, name_taken, same, validate_description
from prg_admin.domain.node_rules import NodeFacts
from prg_admin.domain.problems import Code, Param, Problem

GROUPS_PER_CLUSTER = 3


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """What somebody wants to save as a group. Nodes are given by name; None is Not-Selected."""

    name: str
    description: str = ""
    server1: str | None = None
    server2: str | None = None
    ha_enabled: bool = False
    confirmed: str = ""
    """``Preflight.token`` of the outlook that was read before High Availability is enabled."""

    @property
    def servers(self) -> tuple[str, ...]:
        return tuple(name for name in (self.server1, self.server2) if name)


@dataclass(frozen=True, slots=True)
class CurrentGroup:
    """What is stored of the group that is being changed."""

    name: str
    cluster: str
    server1: str | None
    server2: str | None
    ha_enabled: bool
    members_fixed: str | None = None
    """Value of ``Limitation``: why members cannot change now; None when they can."""
    ha_fixed: str | None = None
    """Value of ``Limitation``: why High Availability cannot be switched off now."""


@dataclass(frozen=True, slots=True)
class GroupContext:
    other_names: frozenset[str]
    """Names of other groups, as stored; at least those equal to the draft's without case."""
    nodes: Mapping[str, NodeFacts]
    """By name: the draft's nodes and those of the current group."""
    other_groups: Mapping[str, int]
    """Cluster name to the number of its groups, the changed one not counted."""
    current: CurrentGroup | None = None
    to_confirm: str = ""
    """``Preflight.token`` of now, when enabling High Availability has to be confirmed."""


def validate_group_name(name: str) -> list[Problem]:
    """Rules of a group's name that need no knowledge of other groups."""
    if not name:
        return [Problem("name", Code.REQUIRED)]
    return list(name_rules("name", name))


def validate_group(draft: GroupDraft, context: GroupContext) -> list[Problem]:
    """All that is wrong with a group, in the order of its fields."""
    problems = validate_group_name(draft.name)
    problems += name_taken(draft.name, context.other_names)
    problems += validate_description(draft.description)
    servers = list(_server_rules(draft, context))
    problems += servers
    if not servers:
        problems += _pair_rules(draft, context)
        problems += _group_limit(draft, context)
    if context.current:
        problems += _change_rules(draft, context, context.current)
    if draft.ha_enabled and not (draft.server1 and draft.server2):
        problems.append(Problem("ha_enabled", Code.HA_NEEDS_TWO))
    # What an outlook says of a pair that cannot be saved is not worth reading.
    if not problems and enables_ha(draft, context.current):
        problems += _outlook_read(draft, context)
    return problems


def enables_ha(draft: GroupDraft, current: CurrentGroup | None) -> bool:
    return draft.ha_enabled and not (current is not None and current.ha_enabled)


def validate_group_deletion(name: str, users: Mapping[str, int], *, ha: bool) -> list[Problem]:
    """``users``: node name to its number of assigned users (domain facts 7, group deletion)."""
    if ha:
        return [Problem("", Code.GROUP_HAS_HA, {"group": name})]
    return [
        Problem("", Code.GROUP_HAS_USERS, {"group": name, "node": node, "users": count})
        for node, count in users.items()
        if count
    ]


def _server_rules(draft: GroupDraft, context: GroupContext) -> Iterator[Problem]:
    if not draft.server1:
        yield Problem("server1", Code.REQUIRED)
    if draft.server1 and draft.server1 == draft.server2:
        yield Problem("server2", Code.SAME_NODE, {"node": draft.server1})
        return
    own = context.current.name if context.current else None
    for at, name in (("server1", draft.server1), ("server2", draft.server2)):
        if not name:
            continue
        node = context.nodes.get(name)
        if node is None:
            yield Problem(at, Code.UNKNOWN_NODE, {"node": name})
        elif node.group is not None and node.group != own:
            yield Problem(at, Code.NODE_TAKEN, {"node": name, "group": node.group})


def _pair_rules(draft: GroupDraft, context: GroupContext) -> Iterator[Problem]:
    """What two nodes must have in common; both values are named.

    Asked when they are paired and when High Availability is switched on. In between, while one node
    is upgraded, it must stay possible to switch it off.
    """
    if not (draft.server1 and draft.server2) or _keeps_pair(draft, context.current):
        return
    first, second = context.nodes[draft.server1], context.nodes[draft.server2]
    names: dict[str, Param] = {"node1": first.name, "node2": second.name}
    if first.cluster != second.cluster:
        values: dict[str, Param] = {"value1": first.cluster, "value2": second.cluster}
        yield Problem("server2", Code.OTHER_CLUSTER, {**names, **values})
    elif not same(first.publisher, second.publisher):
        values = {"value1": first.publisher, "value2": second.publisher}
        yield Problem("server2", Code.OTHER_PUBLISHER, {**names, **values})
    unheard = [(at, n) for at, n in (("server1", first), ("server2", second)) if not n.version]
    for at, node in unheard:
        yield Problem(at, Code.VERSION_UNKNOWN, {"node": node.name})
    if not unheard and first.version != second.version:
        values = {"value1": first.version, "value2": second.version}
        yield Problem("server2", Code.OTHER_VERSION, {**names, **values})


def _keeps_pair(draft: GroupDraft, current: CurrentGroup | None) -> bool:
    if current is None or {draft.server1, draft.server2} != {current.server1, current.server2}:
        return False
    return current.ha_enabled or not draft.ha_enabled


def _group_limit(draft: GroupDraft, context: GroupContext) -> Iterator[Problem]:
    cluster = context.nodes[draft.server1 or ""].cluster
    count = context.other_groups.get(cluster, 0)
    stays = context.current is not None and context.current.cluster == cluster
    if not stays and count >= GROUPS_PER_CLUSTER:
        params: Mapping[str, Param] = {"cluster": cluster, "count": count}
        yield Problem("server1", Code.TOO_MANY_GROUPS, params)


def _change_rules(
    draft: GroupDraft, context: GroupContext, current: CurrentGroup
) -> Iterator[Problem]:
    """Guards of a group that exists: its members, its users, its High Availability."""
    for at in ("server1", "server2"):
        before, after = getattr(current, at), getattr(draft, at)
        if (before or None) != (after or None) and current.members_fixed:
            params: dict[str, Param] = {"group": current.name, "limitation": current.members_fixed}
            yield Problem(at, Code.MEMBERS_FIXED, params)
            return
    for at in ("server1", "server2"):
        name = getattr(current, at)
        node = context.nodes.get(name or "")
        if node and node.users and name not in draft.servers:
            yield Problem(at, Code.NODE_HAS_USERS, {"node": node.name, "users": node.users})
    if current.ha_enabled and not draft.ha_enabled and current.ha_fixed:
        params = {"group": current.name, "limitation": current.ha_fixed}
        yield Problem("ha_enabled", Code.HA_CANNOT_GO_OFF, params)


def _outlook_read(draft: GroupDraft, context: GroupContext) -> Iterator[Problem]:
    if context.to_confirm and draft.confirmed != context.to_confirm:
        yield Problem("confirmed", Code.OUTLOOK_NOT_READ)
