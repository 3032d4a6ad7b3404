"""What may be saved as a node, and when one may be deleted (domain facts 5.3, 7 and 10).

One validator for every door: the form as one types, saving, and whatever scripts send. It reads no
database: what it has to know of the rest of the house is handed in as frozen facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prg_admin.domain.naming import (
    NAME_LENGTH,
    is_address,
    is_host_name,
    name_rules,
    name_taken,
    same,
    too_long,
    validate_description,
)
from prg_admin.domain.problems import Code, Param, Problem
from prg_admin.domain.relogin import LARGEST, SIZES

NODES_PER_CLUSTER = 6
PORT_MIN = 1
PORT_MAX = 65535


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
    followers = [o.name for o in others if same(o.publisher, node.name)]
    if followers:
        params: Mapping[str, Param] = {"node": node.name, "others": tuple(followers)}
        problems.append(Problem("", Code.NODE_IS_PUBLISHER, params))
    return problems


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
        yield too_long("name", draft.name, NAME_LENGTH)
    elif not is_host_name(draft.name):
        yield Problem("name", Code.HOST_NAME, {"name": draft.name})
    yield from name_taken(draft.name, frozenset(n.name for n in context.other_nodes))


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
    if not any(same(draft.cluster, name) for name in context.clusters):
        yield from name_rules("cluster", draft.cluster)
    current = context.current
    mates = [n for n in context.other_nodes if same(n.cluster, draft.cluster)]
    moves = current is None or not same(current.cluster, draft.cluster)
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
        if draft.publisher and not same(draft.publisher, current.publisher):
            yield Problem("publisher", Code.NODE_IN_GROUP, stuck)
    keeps = current is not None and not moves and same(current.publisher, draft.publisher)
    known = [draft.name, *(n.name for n in mates)]
    if draft.publisher and not keeps and not any(same(draft.publisher, n) for n in known):
        named: Mapping[str, Param] = {"publisher": draft.publisher, "cluster": draft.cluster}
        yield Problem("publisher", Code.UNKNOWN_PUBLISHER, named)
