"""What an assignment would do: the one validator and the figures of every door.

A plan is made from the cluster as it is (``Seats``) and a count of the chosen users by their homes
(``Tally``); it reads no database. The page shows it before it asks; the service makes it again
under the cluster's lock and goes by that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from prg_admin.domain import assignment
from prg_admin.domain.assignment import Excess, Layout, Mode, Move, Survivor


class Way(StrEnum):
    """Where chosen users go."""

    NODE = "node"
    UNASSIGNED = "unassigned"
    MODE = "mode"


class Code(StrEnum):
    """Why not; ``users.sentences`` has one sentence for each."""

    FAILED_OVER = "failed-over"
    UNKNOWN_NODE = "unknown-node"
    NO_GROUP = "no-group"
    NO_GROUPS = "no-groups"
    MODE_NONE = "mode-none"
    NODE_FULL = "node-full"
    GROUP_FULL = "group-full"
    CLUSTER_FULL = "cluster-full"
    CLUSTER_GONE = "cluster-gone"


Values = Mapping[str, str | int]
_FULL = {
    assignment.Scope.NODE: Code.NODE_FULL,
    assignment.Scope.GROUP: Code.GROUP_FULL,
    assignment.Scope.CLUSTER: Code.CLUSTER_FULL,
}


@dataclass(frozen=True, slots=True)
class Problem:
    code: Code
    values: Values = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Seats:
    """A cluster as assignment sees it."""

    cluster: str
    mode: Mode
    layout: Layout
    node_ids: Mapping[str, int]
    """All nodes of the cluster, those in no group too."""
    failed_over: tuple[tuple[str, str], ...] = ()
    """Nodes whose users are served by their peer, with their states."""

    @property
    def refused_now(self) -> list[Problem]:
        """No new users while any node is failed over (domain facts 5.2)."""
        return [
            Problem(Code.FAILED_OVER, {"node": node, "state": state})
            for node, state in self.failed_over
        ]


@dataclass(frozen=True, slots=True)
class Tally:
    """Chosen users, by home; the empty name is that of the unassigned."""

    homes: Mapping[str, int]
    unlicensed: int = 0
    """Of the unassigned, those who may have no home."""

    @property
    def users(self) -> int:
        return sum(self.homes.values())


@dataclass(frozen=True, slots=True)
class Target:
    way: Way
    node: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    seats: Seats
    after: Layout
    changing: int = 0
    """Users who get another home, or none."""
    staying: int = 0
    """Chosen users who stay where they are."""
    unlicensed: int = 0
    moves: tuple[Move, ...] = ()
    """Of a rebalance."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """New users of each node, when the mode decides."""
    unplaced: int = 0
    """Users for whom the mode has no place now."""
    waiting_for: tuple[Problem, ...] = ()
    """Why not; those of them who have no home wait for the Sync Agent."""
    problems: tuple[Problem, ...] = ()
    """Why nothing of it can be carried out."""

    @property
    def rows(self) -> list[tuple[str, str, int, int]]:
        """Group, node, users before and after, in node order."""
        before, after = self.seats.layout, self.after
        named = [(g.name, node) for g in before.groups for node in g.nodes]
        named += [("", node) for node in before.strays]
        return [(g, n, before.users.get(n, 0), after.users.get(n, 0)) for g, n in named]

    @property
    def survivors(self) -> list[Survivor]:
        """Of each pair with High Availability, as it would be afterwards."""
        return assignment.survivors(self.after)


def plan_assignment(seats: Seats, tally: Tally, target: Target) -> Plan:
    if target.way is Way.UNASSIGNED:
        leaving = {node: -users for node, users in tally.homes.items() if node}
        changing = -sum(leaving.values())
        after = seats.layout.with_users(leaving)
        return Plan(seats, after, changing, staying=tally.users - changing)
    if target.way is Way.NODE:
        return _to_node(seats, tally, target.node)
    return _by_mode(seats, tally)


def _to_node(seats: Seats, tally: Tally, node: str) -> Plan:
    there = tally.homes.get(node, 0)
    leaving = {home: -users for home, users in tally.homes.items() if home and home != node}
    changing = tally.users - there - tally.unlicensed
    after = seats.layout.with_users(leaving | {node: changing})
    problems = seats.refused_now
    if node not in seats.node_ids:
        problems.append(Problem(Code.UNKNOWN_NODE, {"node": node, "cluster": seats.cluster}))
    elif node not in seats.layout.nodes:
        problems.append(Problem(Code.NO_GROUP, {"node": node}))
    problems += _full(seats, assignment.new_excesses(seats.layout, after))
    return Plan(
        seats,
        after,
        changing,
        staying=there,
        unlicensed=tally.unlicensed,
        problems=tuple(problems),
    )


def _by_mode(seats: Seats, tally: Tally) -> Plan:
    """The mode assigns those without a home, and those on a node that is in no group.

    Whom it cannot assign now waits, except with None: it never assigns anybody.
    """
    strays = {node: -tally.homes[node] for node in seats.layout.strays if tally.homes.get(node)}
    new = tally.homes.get("", 0) - tally.unlicensed - sum(strays.values())
    left = seats.layout.with_users(strays)
    is_none = seats.mode is Mode.NONE
    not_now = [] if is_none else [*seats.refused_now, *_no_aim(seats)]
    if is_none or not_now:
        placement = assignment.Placement({}, refused=new)
        after = seats.layout
    else:
        placement = assignment.place(left, seats.mode, new)
        after = left.with_users(placement.counts)
        not_now += _full(seats, list(placement.reached))
    return Plan(
        seats,
        after,
        changing=sum(placement.counts.values()),
        staying=tally.users - new - tally.unlicensed,
        unlicensed=tally.unlicensed,
        counts=placement.counts,
        unplaced=placement.refused,
        waiting_for=tuple(not_now) if new else (),
        problems=tuple(_no_aim(seats)) if is_none else (),
    )


def plan_rebalance(seats: Seats) -> Plan:
    moves = tuple(assignment.rebalance(seats.layout, seats.mode))
    after = assignment.moved(seats.layout, moves)
    problems = [*seats.refused_now, *_no_aim(seats)]
    problems += _full(seats, assignment.new_excesses(seats.layout, after))
    changing = sum(move.users for move in moves)
    return Plan(seats, after, changing, moves=moves, problems=tuple(problems))


def _no_aim(seats: Seats) -> list[Problem]:
    if seats.mode is Mode.NONE:
        return [Problem(Code.MODE_NONE, {"cluster": seats.cluster})]
    return [] if seats.layout.nodes else [Problem(Code.NO_GROUPS, {"cluster": seats.cluster})]


def _full(seats: Seats, excesses: list[Excess]) -> list[Problem]:
    return [
        Problem(
            _FULL[e.scope],
            {"name": e.name or seats.cluster, "users": e.users, "limit": e.limit},
        )
        for e in excesses
    ]
