"""I02 over any sequence of syncs, modes, moves, groups and failovers, on the pure core.

Everybody who was ever synced has exactly one home or none, and it is a node of the cluster; a
failover moves nobody; whoever has a home in a healthy pair is served by exactly one node.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from prg_admin.domain.assignment import (
    GroupSeats,
    Layout,
    Limits,
    Mode,
    dealt,
    excesses,
    first_moves,
    new_excesses,
    picked,
    place,
    rebalance,
)
from prg_admin.domain.states import Role, homes_served

NODES = ("a", "b", "c", "d", "e", "f")
LIMITS = Limits(node=8, group=12, cluster=30)
SETTINGS = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
nodes = st.sampled_from(NODES)


class Homes(RuleBasedStateMachine):
    deal = staticmethod(dealt)

    def __init__(self) -> None:
        super().__init__()
        self.homes: dict[int, str | None] = {}
        self.synced = 0
        self.groups: list[GroupSeats] = []
        self.away: set[str] = set()
        self.mode = Mode.BALANCED

    @property
    def layout(self) -> Layout:
        groups = tuple(sorted(self.groups, key=lambda group: group.name))
        return Layout(groups, {node: len(self.at(node)) for node in NODES})

    def at(self, node: str) -> list[int]:
        return [key for key, home in self.homes.items() if home == node]

    def peer(self, node: str) -> str | None:
        group = next((g for g in self.groups if node in g.nodes), None)
        others = [n for n in group.nodes if n != node] if group and group.ha_enabled else []
        return others[0] if others else None

    def roles(self) -> dict[str, Role]:
        found = dict.fromkeys(NODES, Role.OWN)
        for node in self.away:
            found |= {node: Role.IDLE, str(self.peer(node)): Role.BOTH}
        return found

    @rule(users=st.integers(1, 12))
    def sync(self, users: int) -> None:
        new = list(range(self.synced, self.synced + users))
        self.synced += users
        self.homes |= dict.fromkeys(new)
        if not self.away:
            self.homes |= self.deal(place(self.layout, self.mode, users, LIMITS).counts, new)

    @rule(mode=st.sampled_from(Mode))
    def choose_mode(self, mode: Mode) -> None:
        before = dict(self.homes)
        self.mode = mode
        assert self.homes == before

    @precondition(lambda self: not self.away)
    @rule(most=st.integers(1, 20))
    def rebalance(self, most: int) -> None:
        moves = rebalance(self.layout, self.mode)
        after = self.layout
        for move in moves:
            after = after.with_users({move.source: -move.users, move.target: move.users})
        if not new_excesses(self.layout, after, LIMITS):
            ordered = {node: sorted(self.at(node)) for node in NODES}
            self.homes |= picked(first_moves(moves, most), ordered)

    @precondition(lambda self: not self.away)
    @rule(node=nodes, data=st.data())
    def move(self, node: str, data: st.DataObject) -> None:
        chosen = data.draw(st.sets(st.sampled_from(range(self.synced)))) if self.synced else set()
        changes = dict.fromkeys(NODES, 0)
        for key in chosen:
            if home := self.homes[key]:
                changes[home] -= 1
        after = self.layout.with_users({**changes, node: changes[node] + len(chosen)})
        if node in self.layout.nodes and not new_excesses(self.layout, after, LIMITS):
            self.homes |= dict.fromkeys(chosen, node)

    @rule(node=nodes)
    def unassign(self, node: str) -> None:
        self.homes |= dict.fromkeys(self.at(node))

    @rule(first=nodes, second=nodes, ha=st.booleans())
    def make_group(self, first: str, second: str, ha: bool) -> None:
        free = set(NODES) - set(self.layout.nodes)
        if {first, second} <= free and len(self.groups) < 3:
            pair = (first, second) if first != second else (first,)
            self.groups.append(GroupSeats(f"of {first}", pair, ha and len(pair) == 2))

    @rule(node=nodes)
    def delete_group(self, node: str) -> None:
        group = next((g for g in self.groups if node in g.nodes), None)
        if group and not self.layout.on(group.nodes) and not self.away & set(group.nodes):
            self.groups.remove(group)

    @rule(node=nodes)
    def fail_over(self, node: str) -> None:
        peer = self.peer(node)
        if peer and not {node, peer} & self.away:
            before = dict(self.homes)
            self.away.add(node)
            assert self.homes == before

    @rule(node=nodes)
    def fall_back(self, node: str) -> None:
        before = dict(self.homes)
        self.away.discard(node)
        assert self.homes == before

    @invariant()
    def everybody_has_one_home_or_none(self) -> None:
        assert self.homes.keys() == set(range(self.synced))
        assert set(self.homes.values()) <= {*NODES, None}
        assert self.layout.assigned + len([h for h in self.homes.values() if h is None]) == (
            self.synced
        )

    @invariant()
    def everybody_with_a_home_is_served_once(self) -> None:
        served = [
            home
            for node, role in self.roles().items()
            for home in homes_served(role, node=node, peer=self.peer(node))
        ]
        assert sorted(served) == sorted(NODES)

    @invariant()
    def no_limit_is_broken(self) -> None:
        broken = [e for e in excesses(self.layout, LIMITS) if e.scope != "group"]
        assert broken == []  # a group may get High Availability when it is full already


class TestHomes(Homes.TestCase):
    settings = SETTINGS


def test_red_when_a_sync_forgets_somebody():
    class Forgetful(Homes):
        @staticmethod
        def deal(counts, keys):
            found = dealt(counts, keys)
            return {key: f"{home}?" if key == 7 else home for key, home in found.items()}

    found = settings(SETTINGS, phases=[Phase.generate], print_blob=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Forgetful, settings=found)
