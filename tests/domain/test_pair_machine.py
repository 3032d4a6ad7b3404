"""Random lives of a pair: whatever happens in whatever order, nobody is served twice.

Each safety check is shown to go red on a seeded bug, by the same walk.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from prg_admin.domain import facts, orders, timing
from prg_admin.domain.facts import Action, Request
from prg_admin.domain.pair import check_invariants
from prg_admin.domain.states import NodeState
from prg_admin.domain.transitions import ROWS
from prg_admin.domain.wire import Order
from tests.domain.simulation import SimNode, World

NODES = st.integers(0, 1)
LINKS = [(x, y) for x in ("engine", "a", "b") for y in ("engine", "a", "b") if x != y]
REQUESTS = [(action, i) for action in (Action.FAILOVER, Action.FALLBACK) for i in (0, 1)]
REQUESTS.append((Action.RECOVER, None))


class PairMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.run(1)
        self.held: list[tuple[int, Order]] = []

    @rule(index=NODES)
    def crash(self, index: int) -> None:
        self.world.nodes[index].crash()

    @rule(index=NODES)
    def start(self, index: int) -> None:
        if not self.world.nodes[index].alive:
            self.world.nodes[index].start(self.world.clock)

    @rule(index=NODES, up=st.booleans())
    def service(self, index: int, up: bool) -> None:
        node = self.world.nodes[index]
        node.services_up = up and not node.stopped_by_order
        node.down_since = self.world.clock
        node.settle(self.world.clock)

    @rule(link=st.sampled_from(LINKS))
    def toggle_link(self, link: tuple[str, str]) -> None:
        self.world.cut ^= {link}

    @rule()
    def heal(self) -> None:
        self.world.cut = set()

    @rule(seconds=st.sampled_from([0.5, 1, 2, 5, 25]))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule()
    def step(self) -> None:
        self.world.step()

    @rule(request=st.sampled_from(REQUESTS))
    def ask(self, request: tuple[Action, int | None]) -> None:
        self.world.step(Request(*request))

    @rule()
    def deliver(self) -> None:
        self.world.mail()
        self.world.start_ordered_services()

    @rule()
    def deliver_one_twice(self) -> None:
        if self.world.late:
            self.world.arrive(*self.world.late[0])
            self.world.check()

    @rule()
    def hold_one_back(self) -> None:
        self.held += self.world.late[:1]

    @rule()
    def held_ones_arrive(self) -> None:
        """After whatever was ordered since: reordered and doubled."""
        held, self.held = self.held, []
        for index, order in held:
            self.world.arrive(index, order)
            self.world.check()

    @rule()
    def lose_orders(self) -> None:
        self.world.late.clear()

    @rule()
    def run(self) -> None:
        self.world.run(2)

    @invariant()
    def nobody_is_served_twice(self) -> None:
        self.world.check()
        check_invariants(self.world.pair)

    @invariant()
    def only_rules_of_the_table_fire(self) -> None:
        known = {row.rule for row in ROWS} | {"next-order", "epoch-raised"}
        assert set(self.world.rules) <= known


TestPairMachine = PairMachine.TestCase
TestPairMachine.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def walk(seed: int, steps: int) -> World:
    """A reproducible random life; raises AssertionError when a user is served twice."""
    dice = random.Random(seed)
    machine = PairMachine()
    doings = [
        lambda: machine.crash(dice.randrange(2)),
        lambda: machine.start(dice.randrange(2)),
        lambda: machine.service(dice.randrange(2), up=dice.random() < 0.7),
        lambda: machine.toggle_link(dice.choice(LINKS)),
        machine.heal,
        lambda: machine.pass_time(dice.choice([0.5, 1, 2, 5])),
        machine.step,
        lambda: machine.ask(dice.choice(REQUESTS)),
        machine.deliver,
        machine.deliver_one_twice,
        machine.hold_one_back,
        machine.held_ones_arrive,
        machine.lose_orders,
        machine.run,
    ]
    for _ in range(steps):
        dice.choice(doings)()
        machine.nobody_is_served_twice()
    return machine.world


def test_after_everything_heals_the_pair_is_normal_or_waits_for_a_person():
    waiting = {
        NodeState.NORMAL, NodeState.IDLE, NodeState.FAILED_OVER, NodeState.BACKUP, NodeState.FAILED,
    }  # fmt: skip
    for seed in range(40):
        world = walk(seed, 60)
        world.cut = set()
        for node in world.nodes:
            if not node.alive:
                node.start(world.clock)
            node.services_up = not node.stopped_by_order
        world.run(60)
        assert set(world.states) <= waiting, (seed, world.states, world.rules[-10:])


def _served_twice_by_some_walk() -> bool:
    for seed in range(300):
        try:
            walk(seed, 80)
        except AssertionError:
            return True
    return False


def test_without_seeded_bugs_no_walk_goes_wrong():
    assert not _served_twice_by_some_walk()


def test_red_when_orders_jump_to_their_targets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(orders, "next_order", lambda node, peer, facts_of_peer: node.target)
    assert _served_twice_by_some_walk()


def test_red_when_an_unreachable_node_counts_as_fenced_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timing, "silence_limit", lambda settings: 0.5)
    monkeypatch.setattr(facts, "fence_wait", lambda node, settings: 0.5)
    monkeypatch.setattr(orders, "fence_wait", lambda node, settings: 0.5)
    monkeypatch.setattr(timing, "isolation_limit", lambda settings: 3.0)
    assert _served_twice_by_some_walk()


def test_red_when_one_witness_is_enough(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(facts, "peer_silence", lambda node, witness: 1e9)
    monkeypatch.setattr(orders, "has_let_go", lambda node, peer: True)
    assert _served_twice_by_some_walk()


def test_red_when_nodes_do_not_isolate_themselves(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SimNode, "holds_right", lambda self, clock: self.goal is not None)
    assert _served_twice_by_some_walk()


def test_red_when_stale_orders_are_taken(monkeypatch: pytest.MonkeyPatch):
    accept = SimNode.put

    def put_anything(self: SimNode, order, clock: float) -> None:
        self.highest_epoch = 0
        accept(self, order, clock)

    monkeypatch.setattr(SimNode, "put", put_anything)
    assert _served_twice_by_some_walk()
