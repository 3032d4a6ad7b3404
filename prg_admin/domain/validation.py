"""The rules of what may be saved about groups and nodes (domain facts 5.3, 7 and 10).

One validator for every door: the forms as one types, saving, and whatever scripts send. It reads no
database: what it has to know of the rest of the house is handed in as frozen facts. It answers with
values, :class:`Problem`; sentences are made of them in ``lib.sentences``.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.relogin import LARGEST, SIZES

NAME_LENGTH = 128
DESCRIPTION_LENGTH = 128
ADDRESS_LENGTH = 253
LABEL_LENGTH = 63
GROUPS_PER_CLUSTER = 3
NODES_PER_CLUSTER = 6
PORT_MIN, PORT_MAX = 1, 65535

NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
DESCRIPTION_FORBIDDEN = frozenset('"%&\\<>')
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LOOKS_LIKE_IP = re.compile(r"[0-9.]+|.*:.*")


class Code(StrEnum):
    """What is wrong. ``lib.sentences`` has one sentence for each."""

    REQUIRED = "required"
    TOO_LONG = "too-long"
    NAME_CHARACTERS = "name-characters"
    FORBIDDEN_CHARACTERS = "forbidden-characters"
    NAME_TAKEN = "name-taken"
    UNKNOWN_NODE = "unknown-node"
    SAME_NODE = "same-node"
    NODE_TAKEN = "node-taken"
    OTHER_CLUSTER = "other-cluster"
    OTHER_PUBLISHER = "other-publisher"
    OTHER_VERSION = "other-version"
    VERSION_UNKNOWN = "version-unknown"
    HA_NEEDS_TWO = "ha-needs-two"
    TOO_MANY_GROUPS = "too-many-groups"
    TOO_MANY_NODES = "too-many-nodes"
    MEMBERS_FIXED = "members-fixed"
    NODE_HAS_USERS = "node-has-users"
    HA_CANNOT_GO_OFF = "ha-cannot-go-off"
    GROUP_HAS_HA = "group-has-ha"
    GROUP_HAS_USERS = "group-has-users"
    HOST_NAME = "host-name"
    ADDRESS = "address"
    PORT_RANGE = "port-range"
    SIZE_UNKNOWN = "size-unknown"
    ADDRESS_TAKEN = "address-taken"
    UNKNOWN_PUBLISHER = "unknown-publisher"
    NAME_FIXED = "name-fixed"
    NODE_IN_GROUP = "node-in-group"
    NODE_IS_PUBLISHER = "node-is-publisher"
    OUTLOOK_NOT_READ = "outlook-not-read"


Param = str | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: the field it stands at, and the values its sentence names."""

    field: str
    """Name of the draft's attribute; empty when no single field is to blame."""
    code: Code
    params: Mapping[str, Param] = dataclasses.field(default_factory=dict, hash=False)


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
class NodeFacts:
    name: str
    cluster: str
    publisher: str
    version: str = ""
    """Empty while the node was never heard."""
    group: str | None = None
    """Name of the group it is in."""
    users: int = 0


@dataclass(frozen=True, slots=True)
class CurrentGroup:
    """What is stored of the group that is being changed."""

    name: str
    cluster: str
    server1: str | None
    server2: str | None
    ha_enabled: bool
    members_fixed: str | None = None
    """Value of ``pair.Limitation``: why members cannot change now; None when they can."""
    ha_fixed: str | None = None
    """Value of ``pair.Limitation``: why High Availability cannot be switched off now."""


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


@dataclass(frozen=True, slots=True)
class NodeDraft:
    """What somebody wants to save as a node."""

    name: str
    address: str
    port: int | None
    cluster: str
    """Name of an existing cluster, or of one to be made."""
    publisher: str = ""
    """Empty: the cluster's publisher, or the node itself in a new cluster."""
    description: str = ""
    size: int | None = LARGEST
    """Users it is made for, one of ``relogin.SIZES``; None: not a number."""


@dataclass(frozen=True, slots=True)
class NodeContext:
    other_nodes: tuple[NodeFacts, ...]
    """Nodes with the draft's name (without case) or of its cluster, the changed one not counted."""
    clusters: frozenset[str]
    """Names of the clusters that exist."""
    addresses: Mapping[tuple[str, int], str]
    """Address in lower case and port to the name of the other node that has them."""
    current: NodeFacts | None = None


def validate_group_name(name: str) -> list[Problem]:
    """Rules of a group's name that need no knowledge of other groups."""
    if not name:
        return [Problem("name", Code.REQUIRED)]
    return list(_name_rules("name", name))


def validate_description(description: str) -> list[Problem]:
    problems = []
    if len(description) > DESCRIPTION_LENGTH:
        problems.append(_too_long("description", description, DESCRIPTION_LENGTH))
    wrong = _distinct(c for c in description if c in DESCRIPTION_FORBIDDEN or _unprintable(c))
    if wrong:
        problems.append(
            Problem("description", Code.FORBIDDEN_CHARACTERS, {"characters": wrong}),
        )
    return problems


def validate_group(draft: GroupDraft, context: GroupContext) -> list[Problem]:
    """All that is wrong with a group, in the order of its fields."""
    problems = validate_group_name(draft.name)
    problems += _name_taken(draft.name, context.other_names)
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


def validate_group_deletion(current: CurrentGroup, users: Mapping[str, int]) -> list[Problem]:
    """``users``: node name to its number of assigned users (domain facts 7, group deletion)."""
    if current.ha_enabled:
        return [Problem("", Code.GROUP_HAS_HA, {"group": current.name})]
    return [
        Problem("", Code.GROUP_HAS_USERS, {"group": current.name, "node": node, "users": count})
        for node, count in users.items()
        if count
    ]


def validate_node(draft: NodeDraft, context: NodeContext) -> list[Problem]:
    """All that is wrong with a node, in the order of its fields."""
    problems = list(_node_name_rules(draft, context))
    problems += validate_description(draft.description)
    problems += _address_rules(draft, context)
    problems += _cluster_rules(draft, context)
    if draft.size not in SIZES:
        known = ", ".join(f"{size:,}" for size in SIZES)
        problems.append(Problem("size", Code.SIZE_UNKNOWN, {"known": known}))
    return problems


def validate_node_deletion(node: NodeFacts, others: tuple[NodeFacts, ...]) -> list[Problem]:
    """``others``: the other nodes of its cluster."""
    problems = []
    if node.group:
        problems.append(Problem("", Code.NODE_IN_GROUP, {"node": node.name, "group": node.group}))
    if node.users:
        problems.append(Problem("", Code.NODE_HAS_USERS, {"node": node.name, "users": node.users}))
    followers = [o.name for o in others if _same(o.publisher, node.name)]
    if followers:
        params: Mapping[str, Param] = {"node": node.name, "others": tuple(followers)}
        problems.append(Problem("", Code.NODE_IS_PUBLISHER, params))
    return problems


def _name_rules(at: str, name: str) -> Iterator[Problem]:
    if len(name) > NAME_LENGTH:
        yield _too_long(at, name, NAME_LENGTH)
    wrong = _distinct(c for c in name if c not in NAME_CHARACTERS)
    if wrong:
        yield Problem(at, Code.NAME_CHARACTERS, {"characters": wrong})


def _name_taken(name: str, others: frozenset[str]) -> Iterator[Problem]:
    taken = next((other for other in sorted(others) if _same(other, name)), None)
    if name and taken is not None:
        yield Problem("name", Code.NAME_TAKEN, {"name": name, "other": taken})


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
    elif not _same(first.publisher, second.publisher):
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


def _node_name_rules(draft: NodeDraft, context: NodeContext) -> Iterator[Problem]:
    if context.current:
        # Certificate, node file and every order carry the name.
        if draft.name != context.current.name:
            yield Problem("name", Code.NAME_FIXED, {"name": context.current.name})
        return
    if not draft.name:
        yield Problem("name", Code.REQUIRED)
        return
    if len(draft.name) > NAME_LENGTH:
        yield _too_long("name", draft.name, NAME_LENGTH)
    elif not is_host_name(draft.name):
        yield Problem("name", Code.HOST_NAME, {"name": draft.name})
    yield from _name_taken(draft.name, frozenset(n.name for n in context.other_nodes))


def _address_rules(draft: NodeDraft, context: NodeContext) -> Iterator[Problem]:
    if not draft.address:
        yield Problem("address", Code.REQUIRED)
    elif not is_address(draft.address):
        yield Problem("address", Code.ADDRESS, {"address": draft.address})
    if draft.port is None:
        yield Problem("port", Code.REQUIRED)
    elif not PORT_MIN <= draft.port <= PORT_MAX:
        yield Problem("port", Code.PORT_RANGE, {"port": draft.port})
    else:
        other = context.addresses.get((draft.address.lower(), draft.port))
        if other:
            params: Mapping[str, Param] = {
                "address": draft.address,
                "port": draft.port,
                "node": other,
            }
            yield Problem("port", Code.ADDRESS_TAKEN, params)


def _cluster_rules(draft: NodeDraft, context: NodeContext) -> Iterator[Problem]:
    if not draft.cluster:
        yield Problem("cluster", Code.REQUIRED)
        return
    if not any(_same(draft.cluster, name) for name in context.clusters):
        yield from _name_rules("cluster", draft.cluster)
    current = context.current
    mates = [n for n in context.other_nodes if _same(n.cluster, draft.cluster)]
    moves = current is None or not _same(current.cluster, draft.cluster)
    if moves and len(mates) >= NODES_PER_CLUSTER:
        params: Mapping[str, Param] = {"cluster": draft.cluster, "count": len(mates)}
        yield Problem("cluster", Code.TOO_MANY_NODES, params)
    if moves and current and current.users:
        homes: Mapping[str, Param] = {"node": current.name, "users": current.users}
        yield Problem("cluster", Code.NODE_HAS_USERS, homes)
    if current and current.group:
        stuck: Mapping[str, Param] = {"node": current.name, "group": current.group}
        if moves:
            yield Problem("cluster", Code.NODE_IN_GROUP, stuck)
        if draft.publisher and not _same(draft.publisher, current.publisher):
            yield Problem("publisher", Code.NODE_IN_GROUP, stuck)
    keeps = current is not None and not moves and _same(current.publisher, draft.publisher)
    known = [draft.name, *(n.name for n in mates)]
    if draft.publisher and not keeps and not any(_same(draft.publisher, n) for n in known):
        named: Mapping[str, Param] = {"publisher": draft.publisher, "cluster": draft.cluster}
        yield Problem("publisher", Code.UNKNOWN_PUBLISHER, named)


def is_host_name(text: str) -> bool:
    """Labels of letters, digits and inner dashes, joined by dots (RFC 1123)."""
    labels = text.split(".")
    return len(text) <= ADDRESS_LENGTH and all(
        len(label) <= LABEL_LENGTH and _LABEL.fullmatch(label) for label in labels
    )


def is_address(text: str) -> bool:
    """An IPv4 or IPv6 address, or a host name. ``10.0.0.300`` is neither."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return not _LOOKS_LIKE_IP.fullmatch(text) and is_host_name(text)
    return True


def _unprintable(character: str) -> bool:
    """Control, format, unassigned and private characters, and line breaks.

    Not ``str.isprintable``: that refuses the ideographic space of Japanese text.
    """
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def _too_long(at: str, text: str, limit: int) -> Problem:
    return Problem(at, Code.TOO_LONG, {"length": len(text), "limit": limit})


def _distinct(characters: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(characters))


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
