"""Which node a presence user is at home on (domain facts 5 and 10).

The mode acts on assignment alone: it says where users go who are assigned *by the mode*. A changed
mode moves nobody; :func:`rebalance` does, when somebody asks for it.

**Balanced** aims at equal totals on every node of every group. **Active-Standby** puts all users on
the first node of each group and aims at equal totals of the groups; a group of one node has that
node. **None** assigns nobody. Nodes in no group are given nobody by any mode, and a rebalance takes
their users away.

Ordering keys, each total, so that the same cluster always gives the same answer:

=============================  =================================================================
which                          key
=============================  =================================================================
next user by Balanced          (users of the node, node order)
next user by Active-Standby    (users of the group, node order of its first node)
who gets one more in a goal    (most users first, node order): they have the fewest to give away
pairs of a rebalance           givers and takers, both in node order
users that leave a node        newest key first: who came last moves first
users given homes by the mode  oldest key first
=============================  =================================================================

*Node order* is the order of the groups' names, and in a group that of its Presence Server fields.

Invariants, kept by every function: nobody is lost and nobody is doubled (I02: exactly one home or
none), and no rebalance moves more users than it must.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from prg_admin.domain import catalogue

K = TypeVar("K", bound=Hashable)

USERS_PER_NODE = 25_000
USERS_PER_HA_GROUP = 25_000
USERS_PER_CLUSTER = 75_000


class Mode(StrEnum):
    """User Assignment Mode for Presence Server; the values are those of the parameter."""

    BALANCED = catalogue.BALANCED
    ACTIVE_STANDBY = catalogue.ACTIVE_STANDBY
    NONE = catalogue.NO_ASSIGNMENT


class Scope(StrEnum):
    """What has a capacity."""

    NODE = "node"
    GROUP = "group"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Limits:
    node: int = USERS_PER_NODE
    group: int = USERS_PER_HA_GROUP
    """Of a group with High Availability: one node has to be able to serve them all."""
    cluster: int = USERS_PER_CLUSTER


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class GroupSeats:
    """A group with its nodes, first Presence Server first."""

    name: str
    nodes: tuple[str, ...]
    ha_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How the users of a cluster are spread now."""

    groups: tuple[GroupSeats, ...]
    """In the order of their names."""
    users: Mapping[str, int] = field(default_factory=dict)
    """At home on each node; a node that is not named has none."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes that may be given users, in node order."""
        return tuple(node for group in self.groups for node in group.nodes)

    @property
    def strays(self) -> tuple[str, ...]:
        """Nodes with users that are in no group."""
        seated = set(self.nodes)
        return tuple(sorted(n for n, users in self.users.items() if users and n not in seated))

    @property
    def assigned(self) -> int:
        return sum(self.users.values())

    def on(self, nodes: Iterable[str]) -> int:
        return sum(self.users.get(node, 0) for node in nodes)

    def with_users(self, changes: Mapping[str, int]) -> Layout:
        """With so many more (or fewer) users on the nodes."""
        users = dict(self.users)
        for node, more in changes.items():
            users[node] = users.get(node, 0) + more
        return replace(self, users=users)


@dataclass(frozen=True, slots=True)
class Excess:
    """More users than there may be."""

    scope: Scope
    name: str
    """Of the node or group; empty for the cluster."""
    users: int
    limit: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where new users go."""

    counts: Mapping[str, int]
    """How many to each node; nodes that get nobody are left out."""
    refused: int = 0
    """Users for whom there is no place."""
    reached: tuple[Excess, ...] = ()
    """The limits that the first of them would have broken, with the figures it would have made."""


@dataclass(frozen=True, slots=True)
class Move:
    source: str
    target: str
    users: int


@dataclass(frozen=True, slots=True)
class Survivor:
    """What is left of a group when one of its nodes fails."""

    failed: str
    node: str
    """The one that would serve."""
    users: int
    limit: int = USERS_PER_NODE

    @property
    def is_over(self) -> bool:
        return self.users > self.limit


def excesses(layout: Layout, limits: Limits = LIMITS) -> list[Excess]:
    """All limits that are broken: nodes and groups in node order, then the cluster."""
    nodes = ((node, layout.users.get(node, 0)) for node in (*layout.nodes, *layout.strays))
    found = [Excess(Scope.NODE, n, users, limits.node) for n, users in nodes if users > limits.node]
    for group in layout.groups:
        users = layout.on(group.nodes)
        if group.ha_enabled and users > limits.group:
            found.append(Excess(Scope.GROUP, group.name, users, limits.group))
    if layout.assigned > limits.cluster:
        found.append(Excess(Scope.CLUSTER, "", layout.assigned, limits.cluster))
    return found


def new_excesses(before: Layout, after: Layout, limits: Limits = LIMITS) -> list[Excess]:
    """Limits that a change breaks or breaks further; an old excess that shrinks stops nobody."""
    known = {(e.scope, e.name): e.users for e in excesses(before, limits)}
    return [e for e in excesses(after, limits) if e.users > known.get((e.scope, e.name), 0)]


def place(layout: Layout, mode: Mode, users: int, limits: Limits = LIMITS) -> Placement:
    """Where the mode puts so many new users, one after the other.

    A node that is full is passed over. Users for whom there is no place are refused; with None all
    are, and no limit is to blame.
    """
    seats = [(layout.on(counted), order, node) for order, node, counted in _seats(layout, mode)]
    heapq.heapify(seats)
    rooms = _rooms(layout, limits)
    counts: dict[str, int] = {}
    left = min(users, max(0, limits.cluster - layout.assigned))
    while left and seats:
        there, order, node = seats[0]
        if any(room.left <= 0 for room in rooms[node]):
            heapq.heappop(seats)
            continue
        heapq.heapreplace(seats, (there + 1, order, node))
        counts[node] = counts.get(node, 0) + 1
        for room in rooms[node]:
            room.left -= 1
        left -= 1
    refused = users - sum(counts.values())
    after = layout.with_users(counts)
    return Placement(counts, refused, _reached(after, mode, limits) if refused else ())


@dataclass(slots=True)
class _Room:
    """How many users more there may be."""

    left: int


def _rooms(layout: Layout, limits: Limits) -> dict[str, list[_Room]]:
    """Of each node its own room, and that which it shares with its peer."""
    rooms = {node: [_Room(limits.node - layout.users.get(node, 0))] for node in layout.nodes}
    for group in layout.groups:
        if group.ha_enabled:
            shared = _Room(limits.group - layout.on(group.nodes))
            for node in group.nodes:
                rooms[node].append(shared)
    return rooms


def _seats(layout: Layout, mode: Mode) -> list[tuple[int, str, tuple[str, ...]]]:
    """Node order, node, and the nodes whose users are compared."""
    if mode is Mode.BALANCED:
        return [(order, node, (node,)) for order, node in enumerate(layout.nodes)]
    if mode is Mode.ACTIVE_STANDBY:
        groups = [group for group in layout.groups if group.nodes]
        return [(order, group.nodes[0], group.nodes) for order, group in enumerate(groups)]
    return []


def _reached(layout: Layout, mode: Mode, limits: Limits) -> tuple[Excess, ...]:
    """What one more user would break, wherever the mode could put it."""
    found: dict[tuple[Scope, str], Excess] = {}
    for _order, node, _counted in _seats(layout, mode):
        for excess in new_excesses(layout, layout.with_users({node: 1}), limits):
            found.setdefault((excess.scope, excess.name), excess)
    return tuple(found.values())


def goal(layout: Layout, mode: Mode) -> dict[str, int] | None:
    """Users of each node when the mode's aim is reached, with the fewest moves to get there.

    None when there is no aim: the mode is None, or no node is in a group.
    """
    seats = [node for _order, node, _counted in _seats(layout, mode)]
    if not seats:
        return None
    each, more = divmod(layout.assigned, len(seats))
    # Whoever has the most users keeps the odd ones. The sort is stable: node order decides ties.
    fullest = sorted(seats, key=lambda node: -layout.users.get(node, 0))[:more]
    wanted = dict.fromkeys((*layout.nodes, *layout.strays), 0)
    for node in seats:
        wanted[node] = each + (node in fullest)
    return wanted


def rebalance(layout: Layout, mode: Mode) -> list[Move]:
    """The least number of moves that reaches the mode's aim; nothing when there is none."""
    wanted = goal(layout, mode) or dict(layout.users)
    change = {node: users - layout.users.get(node, 0) for node, users in wanted.items()}
    takers = [(node, more) for node, more in change.items() if more > 0]
    moves = []
    for source, more in change.items():
        give = -more
        while give > 0:
            target, free = takers.pop(0)
            users = min(give, free)
            moves.append(Move(source, target, users))
            give -= users
            if free > users:
                takers.insert(0, (target, free - users))
    return moves


def moved(layout: Layout, moves: Iterable[Move]) -> Layout:
    """The cluster after the moves."""
    for move in moves:
        layout = layout.with_users({move.source: -move.users, move.target: move.users})
    return layout


def first_moves(moves: Iterable[Move], users: int) -> list[Move]:
    """The first so many users of them: one step of a rebalance."""
    found = []
    for move in moves:
        step = min(users, move.users)
        if step:
            found.append(replace(move, users=step))
        users -= step
    return found


def picked(moves: Iterable[Move], homes: Mapping[str, Sequence[K]]) -> dict[K, str]:
    """Which users move and where to; of each node the keys are given oldest first."""
    leaving = {node: iter(reversed(keys)) for node, keys in homes.items()}
    return {key: move.target for move in moves for key in islice(leaving[move.source], move.users)}


def dealt(counts: Mapping[str, int], keys: Sequence[K]) -> dict[K, str]:
    """Which of the new users goes where, oldest first; those who were refused are left out."""
    following = iter(keys)
    return {key: node for node, users in counts.items() for key in islice(following, users)}


def survivors(layout: Layout, limits: Limits = LIMITS) -> list[Survivor]:
    """For each node of each pair with High Availability: whom its peer would have to serve."""
    found = []
    for group in layout.groups:
        if not group.ha_enabled or len(group.nodes) < 2:  # noqa: PLR2004 - a pair
            continue
        users = layout.on(group.nodes)
        for failed, node in (group.nodes, group.nodes[::-1]):
            found.append(Survivor(failed, node, users, limits.node))
    return found
