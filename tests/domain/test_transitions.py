"""The table as a whole: each row is named, can be fired, both ways round, and leads home."""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from prg_admin.domain import pair as machine
from prg_admin.domain.conditions import CONDITIONS
from prg_admin.domain.facts import Facts
from prg_admin.domain.limitations import limitation
from prg_admin.domain.pair import decide
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.transitions import ROWS, Row, When
from tests.domain.simulation import SETTINGS, SimNode, World
from tests.domain.test_pair_machine import LINKS

S = NodeState
LIVES = 80
NORMAL = (S.NORMAL, S.NORMAL)


# The table.


def test_every_rule_names_one_row():
    assert [rule for rule, count in Counter(r.rule for r in ROWS).items() if count > 1] == []
    assert max(len(row.rule) for row in ROWS) <= 48  # as an event keeps it


def test_every_condition_is_defined_and_asked_for():
    assert set(CONDITIONS) == set(When) == {row.when for row in ROWS}


def placed(row: Row) -> World:
    """A pair to which the row applies: node a is the row's A."""
    world = World()
    world.run(1)
    a, b = world.pair.nodes
    state_a, state_b = min(row.a), min(row.b)
    reason = min(row.reasons_a) if row.reasons_a else Reason.ADMIN_REQUEST
    target = row.target_a or Role.OWN
    a = replace(a, state=state_a, reason=reason, target=target, ordered=target)
    b = replace(b, state=state_b, target=Role.STANDBY, ordered=Role.STANDBY)
    world.pair = replace(world.pair, nodes=(a, b))
    return world


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Row], None]]:
    """Lets nothing but one row hold, and that for node a alone."""

    def choose(row: Row) -> None:
        def holds(facts: Facts) -> dict[str, str] | None:
            return {"node": "a"} if facts.a.name == "a" else None

        conditions = dict.fromkeys(When, lambda facts: None)
        monkeypatch.setattr(machine, "CONDITIONS", conditions | {row.when: holds})
        monkeypatch.setattr(machine, "ROWS", (row,))
        machine._candidates.cache_clear()

    yield choose
    machine._candidates.cache_clear()


@pytest.mark.parametrize("row", ROWS, ids=[row.rule for row in ROWS])
def test_a_row_applies_both_ways_round(row: Row, only):
    world = placed(row)
    only(row)
    for mirrored in (False, True):
        nodes = world.pair.nodes[::-1] if mirrored else world.pair.nodes
        probed = tuple(replace(n, reachable=True) for n in nodes)
        pair = replace(world.pair, nodes=probed)
        after = decide(pair, settings=SETTINGS, now=world.now)
        assert after.rule == row.rule
        moved = {node.name: node for node in after.pair.nodes}
        for name, step, was in zip("ab", (row.to_a, row.to_b), world.pair.nodes, strict=True):
            assert moved[name].state is (step.state or was.state)
            assert moved[name].reason is (step.reason or was.reason)
            assert moved[name].target is (step.target or was.target)


# Lives: at random, and those that chance seldom brings.


class Life:
    """What can happen to a pair, drawn by a die that is told by its seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(others_heard=self.dice.random() < 0.7)
        if self.dice.random() < 0.5:
            self.world.settings = replace(
                SETTINGS, automatic_fallback=True, automatic_fallback_delay=5
            )
        self.world.run(1)

    def live(self, steps: int) -> World:
        doings = (
            self.crash, self.shut_down, self.restart, self.service, self.database, self.link,
            self.world.cut.clear, self.pass_time, self.ask, self.ask, self.high_availability,
            self.start, self.start, self.world.step, self.world.mail, self.world.late.clear,
            *([functools.partial(self.world.run, 2)] * 4),
        )  # fmt: skip
        for _ in range(steps):
            self.dice.choice(doings)()
            self.world.check()
        return self.world

    @property
    def one(self) -> int:
        return self.dice.randrange(2)

    def crash(self) -> None:
        self.world.nodes[self.one].crash()

    def shut_down(self) -> None:
        index = self.one
        if self.world.nodes[index].alive:
            self.world.shut_down(index)

    def start(self) -> None:
        node = self.world.nodes[self.one]
        if not node.alive:
            node.start(self.world.clock)

    def restart(self) -> None:
        node = self.world.nodes[self.one]
        node.crash()
        node.start(self.world.clock)

    def service(self) -> None:
        node = self.world.nodes[self.one]
        node.services_up = self.dice.random() < 0.6 and not node.stopped_by_order
        node.down_since = self.world.clock
        node.settle(self.world.clock)

    def database(self) -> None:
        node = self.world.nodes[self.one]
        node.database_up = self.dice.random() < 0.6
        node.database_down_since = self.world.clock

    def link(self) -> None:
        self.world.cut ^= {self.dice.choice(LINKS)}

    def pass_time(self) -> None:
        self.world.pass_time(self.dice.choice([0.5, 1, 2, 5, 25]))

    def ask(self) -> None:
        action = self.dice.choice([Action.FAILOVER, Action.FALLBACK, Action.RECOVER])
        self.world.step(Request(action, None if action is Action.RECOVER else self.one))

    def high_availability(self) -> None:
        pair = self.world.pair
        if not pair.ha_enabled or limitation(pair, Action.DISABLE_HA) is None:
            self.world.pair = replace(pair, ha_enabled=not pair.ha_enabled)


def lose_service(world: World, index: int) -> None:
    world.nodes[index].services_up = False
    world.nodes[index].down_since = world.clock
    world.nodes[index].settle(world.clock)


def normal_world() -> World:
    world = World()
    world.run(1)
    return world


def failed_over_world() -> World:
    """Failed Over | Running in Backup Mode."""
    world = normal_world()
    lose_service(world, 0)
    world.run(3)
    world.nodes[0].services_up = True
    world.run(1)
    return world


def taking_back(*, until: Role) -> World:
    """A fallback under way, at the point where A's order names ``until``."""
    world = failed_over_world()
    world.step(Request(Action.FALLBACK, 0))
    while world.pair.nodes[0].target is not until:
        world.step()
        world.mail()
    return world


def service_lost_while_taking_back() -> World:
    world = taking_back(until=Role.OWN)
    lose_service(world, 0)
    world.pass_time(2)
    world.run(1)
    return world


def node_lost_while_taking_back() -> World:
    world = taking_back(until=Role.OWN)
    world.nodes[0].crash()
    world.run(6)
    return world


def node_shut_down_while_taking_back() -> World:
    world = taking_back(until=Role.OWN)
    world.shut_down(0)
    world.run(1)
    return world


def node_that_nobody_hears_at_the_start() -> World:
    """It answers the engine, and stays fenced."""
    world = World()
    world.step()
    world.nodes[0].renewed = -1e9
    world.cut = {("a", "b"), ("b", "a")}
    world.alive_call_in = lambda index, node: None  # type: ignore[method-assign]
    world.run(25)
    del world.alive_call_in
    return world


def services_that_never_start() -> World:
    world = failed_over_world()
    world.step(Request(Action.FALLBACK, 0))
    lose_service(world, 0)
    world.run(25)
    return world


def backup_that_never_lets_go() -> World:
    world = taking_back(until=Role.OWN)
    world.cut = {("engine", "b")}
    world.run(25)
    return world


def service_down_at_the_start() -> World:
    world = World()
    lose_service(world, 0)
    world.run(4)
    return world


def services_down_on_both() -> World:
    world = normal_world()
    lose_service(world, 0)
    lose_service(world, 1)
    world.run(3)
    return world


def recovery_that_cannot_stop_a_node() -> World:
    world = services_down_on_both()
    world.step(Request(Action.RECOVER))
    world.late.clear()
    world.cut = {("engine", "a")}
    world.run(25)
    return world


def backup_lost_while_ready() -> World:
    world = failed_over_world()
    lose_service(world, 1)
    world.run(4)
    return world


def backup_silent_while_ready() -> World:
    world = failed_over_world()
    world.nodes[1].crash()
    world.run(8)
    return world


def node_not_seen_at_the_start() -> World:
    world = World()
    world.step()
    world.mail()
    lose_service(world, 0)
    world.step()
    world.nodes[0].crash()
    world.run(10)
    return world


def both_dead_and_back() -> World:
    world = normal_world()
    world.others_heard = True
    for node in world.nodes:
        node.crash()
    world.run(6)
    for node in world.nodes:
        node.start(world.clock)
    world.run(2)
    return world


SCENARIOS = (
    node_not_seen_at_the_start, both_dead_and_back,
    service_lost_while_taking_back, node_lost_while_taking_back, node_shut_down_while_taking_back,
    services_that_never_start, backup_that_never_lets_go, service_down_at_the_start,
    services_down_on_both, recovery_that_cannot_stop_a_node, backup_lost_while_ready,
    backup_silent_while_ready, node_that_nobody_hears_at_the_start,
)  # fmt: skip


@functools.cache
def lived() -> tuple[World, ...]:
    return tuple(Life(seed).live(80) for seed in range(LIVES))


def test_every_row_is_fired_by_some_life():
    fired = {rule for world in lived() for rule in world.rules}
    fired |= {rule for scenario in SCENARIOS for rule in scenario().rules}
    assert [row.rule for row in ROWS if row.rule not in fired] == []


def led_home(world: World) -> World:
    """Everything is repaired; then a person presses what is offered, but never Failover."""
    world.cut.clear()
    world.pair = replace(world.pair, ha_enabled=True)
    for _ in range(8):
        for node in world.nodes:
            if not node.alive:
                node.start(world.clock)
            node.services_up, node.database_up = not node.stopped_by_order, True
        world.run(30)
        if world.states == NORMAL:
            break
        world.step(offered(world))
    return world


def offered(world: World) -> Request | None:
    requests = [Request(Action.FALLBACK, 0), Request(Action.FALLBACK, 1), Request(Action.RECOVER)]
    possible = (r for r in requests if limitation(world.probed(), r.action, r.index) is None)
    return next(possible, None)


def test_every_life_can_be_led_home_by_what_is_offered():
    for seed, life in enumerate(lived()):
        world = led_home(life)
        assert world.states == NORMAL, (seed, world.rules[-12:])
        assert [sorted(node.serving) for node in world.nodes] == [["a"], ["b"]]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_misfortune_can_be_led_home_by_what_is_offered(scenario):
    assert led_home(scenario()).states == NORMAL


# Lives that went wrong once.


def shut_down_before_high_availability() -> World:
    """The node is started again, and the engine, which cannot reach it, does not know."""
    world = normal_world()
    world.pair = replace(world.pair, ha_enabled=False)
    world.run(1)
    world.shut_down(0)
    world.nodes[0].start(world.clock)
    world.cut = {("engine", "a")}
    world.pair = replace(world.pair, ha_enabled=True)
    world.run(12)  # ``World.check`` watches that nobody is served twice
    return world


def test_a_node_that_said_goodbye_before_high_availability_serves_again_when_it_is_told():
    """Its users may have been given away on that word, whatever it was told before."""
    world = shut_down_before_high_availability()
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.reasons == (Reason.PEER_REBOOT, Reason.PEER_REBOOT)
    assert (world.nodes[0].serving, world.nodes[1].serving) == (set(), {"a", "b"})


def test_who_said_goodbye_and_serves_unasked_all_the_same_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
):
    """The promise is what makes the word safe: without it somebody is served twice."""
    monkeypatch.setattr(
        SimNode, "serves_unasked", lambda self: bool(self.goal and not self.goal.ha_enabled)
    )
    with pytest.raises(AssertionError, match="served by both"):
        shut_down_before_high_availability()


def test_without_high_availability_a_node_that_said_goodbye_serves_again_when_it_is_told():
    world = normal_world()
    world.pair = replace(world.pair, ha_enabled=False)
    world.run(1)
    world.shut_down(0)
    world.nodes[0].start(world.clock)
    assert not world.nodes[0].serving
    world.run(1)
    assert world.nodes[0].serving == {"a"}
