"""Random lives of a pair: whatever happens in whatever order, every invariant holds.

``test_invariants`` shows that the checks go red. As many lives as wanted: ``make soak``.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from prg_admin.domain.pair import check_invariants
from tests.domain.lives import LINKS, NAMES, PARAMETERS, REQUESTS, Life, live_and_recover
from tests.soak.checker import Record, replays, wrongs

NODES = st.integers(0, 1)
UP = st.booleans()
WAYS_TO_END_OR_BEGIN = ["crash", "lose_agent", "shut_down", "start", "restart"]
LIVES, STEPS = 60, 100
"""Of each of the four tests of seeded lives."""
EXAMPLES, EXAMPLE_STEPS = 145, 200
"""Of each of the four runs of the state machine; some examples are shorter."""
STEPS_OF_A_RUN = 25_000
"""At least: 100,000 in all."""


class PairMachine(RuleBasedStateMachine):
    """What Hypothesis finds, it also makes short."""

    steps = 0
    """Of all examples."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life()
        self.history: list[Record] = []
        self.life.world.watch = self.history.append
        self.life.world.run(1)

    @rule(index=NODES, how=st.sampled_from(WAYS_TO_END_OR_BEGIN))
    def node(self, index: int, how: str) -> None:
        getattr(self.life, how)(index)

    @rule(index=NODES, up=UP, what=st.sampled_from(["service", "database"]))
    def part_of_a_node(self, index: int, up: bool, what: str) -> None:
        getattr(self.life, what)(index, up=up)

    @rule(link=st.sampled_from(LINKS))
    def toggle_link(self, link: tuple[str, str]) -> None:
        self.life.toggle_link(link)

    @rule(name=st.sampled_from(NAMES))
    def cut_off(self, name: str) -> None:
        self.life.cut_off(name)

    @rule(seconds=st.sampled_from([0.5, 1, 2, 5, 25]))
    def pass_time(self, seconds: float) -> None:
        self.life.world.pass_time(seconds)

    @rule(request=st.sampled_from(REQUESTS))
    def ask(self, request) -> None:
        self.life.ask(request)

    @rule(index=NODES, recover=UP)
    def state_what_is_true(self, index: int, recover: bool) -> None:
        self.life.state_what_is_true(index, recover=recover)

    @rule(on=UP)
    def switch_ha(self, on: bool) -> None:
        self.life.switch_ha(on=on)

    @rule(heard=UP)
    def others(self, heard: bool) -> None:
        self.life.others(heard=heard)

    @rule(chosen=st.sampled_from(PARAMETERS))
    def parameters(self, chosen) -> None:
        self.life.parameters(chosen)

    @rule(
        what=st.sampled_from(
            [
                "heal",
                "look",
                "lose_looks",
                "deliver",
                "deliver_one_twice",
                "hold_one_back",
                "held_ones_arrive",
                "lose_orders",
            ]
        )
    )
    def befalls(self, what: str) -> None:
        getattr(self.life, what)()

    @precondition(lambda self: self.life.looks)
    @rule(index=st.integers(0, 7), again=UP)
    def decide_late(self, index: int, again: bool) -> None:
        (self.life.decide_twice if again else self.life.decide_late)(index)

    @rule(seconds=st.sampled_from([0, 2]))
    def run(self, seconds: float) -> None:
        self.life.world.run(seconds)

    @invariant()
    def nobody_is_served_twice(self) -> None:
        PairMachine.steps += 1
        self.life.world.check()
        check_invariants(self.life.world.pair)

    def teardown(self) -> None:
        self.life.repair()
        self.life.world.run(70)
        self.life.world.rested()
        assert [name for name, _ in wrongs(self.history)] == []


@pytest.mark.parametrize("run", range(4))
def test_whatever_is_tried_every_invariant_holds(run: int):
    del run  # each draws examples of its own
    PairMachine.steps = 0
    many = settings(
        max_examples=EXAMPLES,
        stateful_step_count=EXAMPLE_STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(PairMachine, settings=many)
    assert PairMachine.steps >= STEPS_OF_A_RUN


def broken(seed: int) -> list[str]:
    """The names of what a life breaks. Who is served twice ends it at once."""
    history: list[Record] = []
    try:
        live_and_recover(seed, STEPS, history.append)
    except AssertionError as error:
        return [name for name, _ in wrongs(history)] or [str(error)]
    return [name for name, _ in wrongs(history)]


@pytest.mark.parametrize("first", [k * LIVES for k in range(4)])
def test_whatever_happens_every_invariant_holds(first: int):
    for seed in range(first, first + LIVES):
        assert broken(seed) == [], f"seed {seed}"


def test_a_life_is_told_by_its_seed():
    told: list[list[Record]] = [[], []]
    for history in told:
        live_and_recover(7, STEPS, history.append)
    assert told[0] == told[1]


def test_every_decision_of_a_life_replays():
    history: list[Record] = []
    for seed in range(20):
        live_and_recover(seed, STEPS, history.append)
    assert len(history) > 200
    assert all(map(replays, history))


def test_lives_fire_most_of_the_table():
    """What they do not fire, ``test_exhaustive`` and ``test_pair`` do."""
    fired = {rule for seed in range(60) for rule in live_and_recover(seed, STEPS).world.rules}
    assert len(fired) > 35
