"""User Assignment Modes: who goes where, what does not fit, the fewest moves to the aim."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prg_admin.domain import catalogue
from prg_admin.domain.assignment import (
    Excess,
    GroupSeats,
    Layout,
    Limits,
    Mode,
    Move,
    Scope,
    Survivor,
    dealt,
    excesses,
    first_moves,
    goal,
    moved,
    new_excesses,
    picked,
    place,
    rebalance,
    survivors,
)

PAIRS = (
    GroupSeats("east", ("imp1", "imp2"), ha_enabled=True),
    GroupSeats("west", ("imp3", "imp4"), ha_enabled=True),
)
SMALL = Limits(node=5, group=6, cluster=9)


def layout(*users: int, groups: tuple[GroupSeats, ...] = PAIRS, **more: int) -> Layout:
    nodes = [node for group in groups for node in group.nodes]
    return Layout(groups, dict(zip(nodes, users, strict=False)) | more)


# Where new users go


def test_the_modes_are_those_of_the_parameter():
    parameter = catalogue.BY_KEY[catalogue.ENTERPRISE, catalogue.USER_ASSIGNMENT_MODE]
    assert [choice.value for choice in parameter.choices] == list(Mode)


def test_balanced_fills_the_node_with_the_fewest_users_of_the_cluster():
    assert place(layout(3, 1, 2, 3), Mode.BALANCED, 4).counts == {"imp2": 2, "imp3": 1, "imp1": 1}


def test_balanced_takes_the_lowest_node_of_equals():
    assert place(layout(), Mode.BALANCED, 2).counts == {"imp1": 1, "imp2": 1}


def test_active_standby_takes_the_first_node_of_the_group_with_the_fewest_users():
    # The second node of east has users from before; they count for the group.
    assert place(layout(1, 5, 3, 0), Mode.ACTIVE_STANDBY, 3).counts == {"imp3": 3}


def test_active_standby_in_a_group_of_one_node_takes_that_node():
    alone = (*PAIRS, GroupSeats("north", ("imp5",)))
    assert place(layout(1, 0, 1, groups=alone), Mode.ACTIVE_STANDBY, 1).counts == {"imp5": 1}


def test_none_assigns_nobody():
    placement = place(layout(), Mode.NONE, 7)
    assert (placement.counts, placement.refused, placement.reached) == ({}, 7, ())


def test_a_cluster_without_groups_has_no_place():
    assert place(Layout(()), Mode.BALANCED, 2).refused == 2


def test_who_does_not_fit_is_refused_with_the_limits_and_figures():
    placement = place(layout(3, 2, 2, 0), Mode.BALANCED, 5, SMALL)
    assert placement.counts == {"imp4": 2}
    assert placement.refused == 3
    assert Excess(Scope.CLUSTER, "", 10, 9) in placement.reached


def test_a_full_node_is_passed_over():
    limits = Limits(node=5, group=100, cluster=100)
    placement = place(layout(5, 0), Mode.ACTIVE_STANDBY, 9, limits)
    assert placement.counts == {"imp3": 5}
    assert set(placement.reached) == {
        Excess(Scope.NODE, "imp1", 6, 5),
        Excess(Scope.NODE, "imp3", 6, 5),
    }


def test_the_limits_of_the_product():
    one = GroupSeats("one", ("imp1",))
    assert place(layout(groups=(one,)), Mode.BALANCED, 25_001).counts == {"imp1": 25_000}
    three = tuple(GroupSeats(name, (f"{name}1", f"{name}2"), ha_enabled=True) for name in "abc")
    placement = place(layout(groups=three), Mode.BALANCED, 75_001)
    assert placement.refused == 1
    assert set(placement.counts.values()) == {12_500}


def test_without_high_availability_a_group_has_no_limit_of_its_own():
    pair = GroupSeats("east", ("imp1", "imp2"))
    assert excesses(layout(25_000, 25_000, groups=(pair,))) == []


def test_an_old_excess_that_shrinks_stops_nobody():
    before, after = layout(7, 0), layout(6, 1)
    limits = Limits(node=5, group=9, cluster=9)
    assert new_excesses(before, after, limits) == []
    assert new_excesses(after, before, limits) == [Excess(Scope.NODE, "imp1", 7, 5)]


# What a survivor would serve


def test_the_survivor_serves_both():
    found = survivors(layout(20_000, 7_300))
    assert found[0] == Survivor("imp1", "imp2", 27_300, 25_000)
    assert found[0].is_over
    assert [s.is_over for s in found] == [True, True, False, False]


def test_without_high_availability_nobody_survives():
    assert survivors(layout(1, 1, groups=(GroupSeats("east", ("imp1", "imp2")),))) == []


# Rebalance


def test_balanced_ends_equal_and_the_fullest_keep_the_odd_ones():
    assert goal(layout(9, 0, 1, 0), Mode.BALANCED) == {"imp1": 3, "imp2": 2, "imp3": 3, "imp4": 2}


def test_the_preview_says_from_where_to_where():
    assert rebalance(layout(9, 0, 1, 0), Mode.BALANCED) == [
        Move("imp1", "imp2", 2),
        Move("imp1", "imp3", 2),
        Move("imp1", "imp4", 2),
    ]


def test_active_standby_empties_the_second_nodes():
    assert rebalance(layout(2, 3, 1, 0), Mode.ACTIVE_STANDBY) == [
        Move("imp2", "imp1", 1),
        Move("imp2", "imp3", 2),
    ]


def test_a_node_in_no_group_gives_its_users_away():
    assert rebalance(layout(1, 1, 1, 1, imp6=1), Mode.BALANCED) == [Move("imp6", "imp1", 1)]


def test_none_has_no_aim():
    assert goal(layout(9), Mode.NONE) is None
    assert rebalance(layout(9), Mode.NONE) == []


def test_steps_of_a_rebalance_are_its_beginning():
    moves = [Move("a", "b", 3), Move("a", "c", 4)]
    assert first_moves(moves, 5) == [Move("a", "b", 3), Move("a", "c", 2)]


def test_who_came_last_moves_first():
    assert picked([Move("a", "b", 1), Move("a", "c", 1)], {"a": [1, 2, 3]}) == {3: "b", 2: "c"}


def test_new_users_are_dealt_oldest_first():
    assert dealt({"a": 2, "b": 1}, [5, 6, 7, 8]) == {5: "a", 6: "a", 7: "b"}


# For every cluster

small = st.integers(0, 6)


@st.composite
def clusters(draw: st.DrawFn) -> Layout:
    sizes = draw(st.lists(st.integers(1, 2), min_size=1, max_size=3))
    names = iter("abcdef")
    groups = tuple(
        GroupSeats(f"g{i}", tuple(next(names) for _ in range(size)), draw(st.booleans()))
        for i, size in enumerate(sizes)
    )
    users = {node: draw(small) for group in groups for node in group.nodes}
    return Layout(groups, users | {"stray": draw(st.sampled_from([0, 0, 2]))})


modes = st.sampled_from([Mode.BALANCED, Mode.ACTIVE_STANDBY])


@given(clusters(), st.sampled_from(Mode), st.integers(0, 30))
def test_placing_loses_nobody_and_breaks_no_limit(before: Layout, mode: Mode, users: int):
    placement = place(before, mode, users, SMALL)
    after = before.with_users(placement.counts)

    assert after.assigned - before.assigned + placement.refused == users
    assert new_excesses(before, after, SMALL) == []
    assert bool(placement.refused and mode is not Mode.NONE) == bool(placement.reached)


@given(clusters(), modes, st.integers(0, 30))
def test_placing_all_at_once_or_one_by_one_is_the_same(before: Layout, mode: Mode, users: int):
    one_by_one = before
    for _ in range(users):
        one_by_one = one_by_one.with_users(place(one_by_one, mode, 1).counts)
    assert one_by_one.users == before.with_users(place(before, mode, users).counts).users


@given(clusters(), modes)
def test_a_rebalance_reaches_the_aim_and_moves_nobody_twice(before: Layout, mode: Mode):
    moves = rebalance(before, mode)
    after = moved(before, moves)

    assert after.assigned == before.assigned
    assert reaches(after, mode)
    assert rebalance(after, mode) == []
    assert not {m.source for m in moves} & {m.target for m in moves}


@given(clusters(), modes, st.integers(1, 4))
def test_a_rebalance_in_steps_moves_as_many(before: Layout, mode: Mode, size: int):
    total, now = 0, before
    while moves := first_moves(rebalance(now, mode), size):
        total += sum(move.users for move in moves)
        now = moved(now, moves)
    assert total == sum(move.users for move in rebalance(before, mode))


@given(clusters(), modes)
def test_no_other_way_to_the_aim_moves_fewer(before: Layout, mode: Mode):
    assert sum(move.users for move in rebalance(before, mode)) == fewest_moves(before, mode)


def reaches(found: Layout, mode: Mode) -> bool:
    """The aim in the words of the manual, not in those of the code."""
    if found.strays:
        return False
    if mode is Mode.BALANCED:
        totals = [found.users.get(node, 0) for node in found.nodes]
        return max(totals) - min(totals) <= 1
    totals = [found.on(group.nodes) for group in found.groups]
    seconds = sum(found.on(group.nodes[1:]) for group in found.groups)
    return max(totals) - min(totals) <= 1 and seconds == 0


def fewest_moves(before: Layout, mode: Mode) -> int:
    """Over every spread of the users at all that reaches the aim."""
    total, nodes = before.assigned, before.nodes
    most = -(-total // len(before.groups if mode is Mode.ACTIVE_STANDBY else nodes))
    ways = product(range(max(0, most - 1), most + 1), repeat=len(nodes))
    if mode is Mode.ACTIVE_STANDBY:
        firsts = {group.nodes[0] for group in before.groups}
        choices = [range(max(0, most - 1), most + 1) if n in firsts else (0,) for n in nodes]
        ways = product(*choices)
    costs = []
    for way in ways:
        after = Layout(before.groups, dict(zip(nodes, way, strict=True)))
        if sum(way) == total and reaches(after, mode):
            gained = (after.users[n] - before.users.get(n, 0) for n in nodes)
            costs.append(sum(more for more in gained if more > 0))
    return min(costs)


operations = st.lists(
    st.tuples(
        st.sampled_from(["sync", "rebalance", "move", "unassign"]), st.sampled_from(Mode), small
    ),
    max_size=8,
)


@given(clusters(), operations)
def test_everybody_keeps_exactly_one_home_or_none(before: Layout, steps):
    """I02 over any sequence of what can be done."""
    homes: dict[int, str | None] = {}
    for node, count in before.users.items():
        homes |= {len(homes) + n: node for n in range(count)}
    for what, mode, number in steps:
        known = len(homes)
        homes |= after_step(homes, before.groups, what, mode, number)
        assert len(homes) == known + (number if what == "sync" else 0)
        assert set(homes) == set(range(len(homes)))
        assert set(homes.values()) <= {*before.users, None}


def after_step(
    homes: dict[int, str | None], groups: tuple[GroupSeats, ...], what: str, mode: Mode, number: int
) -> dict[int, str | None]:
    """The homes that the step changes."""
    found: dict[str, list[int]] = {}
    for key, home in sorted(homes.items()):
        if home:
            found.setdefault(home, []).append(key)
    now = Layout(groups, {node: len(keys) for node, keys in found.items()})
    if what == "rebalance":
        return dict(picked(rebalance(now, mode), found))
    if what == "sync":
        new = range(len(homes), len(homes) + number)
        return dict.fromkeys(new) | dealt(place(now, mode, number).counts, new)
    chosen = list(homes)[:number]
    return dict.fromkeys(chosen, now.nodes[0] if what == "move" else None)


@pytest.mark.parametrize("mode", [Mode.BALANCED, Mode.ACTIVE_STANDBY])
def test_a_full_cluster_is_rebalanced_at_once(mode: Mode):
    groups = tuple(GroupSeats(name, (f"{name}1", f"{name}2")) for name in "abc")
    before = layout(75_000, groups=groups)
    assert reaches(moved(before, rebalance(before, mode)), mode)
