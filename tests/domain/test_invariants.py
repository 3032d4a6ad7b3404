"""Each invariant, what judges it, and the seeded bug that turns its judge red.

What the pure core can judge, ``tests.soak.checker`` judges from the history of random lives. What
only real processes, databases and browsers can show is listed with the test that shows it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prg_admin.domain import conditions, orders, pair, silence, timing, under_way
from prg_admin.domain.pair import Decision
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.transitions import ROWS, Row, Step, When
from prg_admin.domain.wire import Order
from tests.domain import simulation
from tests.domain.lives import live_and_recover
from tests.domain.simulation import SimNode, World
from tests.soak.checker import Record, replays, wrongs

Patch = pytest.MonkeyPatch
MOST_LIVES, STEPS = 400, 100
ROOT = Path(__file__).resolve().parents[2]


# The seeded bugs.


def orders_jump_to_their_targets(patch: Patch) -> None:
    patch.setattr(orders, "next_order", lambda node, peer, facts_of_peer: node.target)


def an_unreachable_node_counts_as_stopped_at_once(patch: Patch) -> None:
    for module in (silence, conditions, orders):
        patch.setattr(module, "fence_wait", lambda node, settings: 0.5)
    patch.setattr(timing, "silence_limit", lambda settings: 0.5)
    patch.setattr(timing, "isolation_limit", lambda settings: 3.0)


def one_witness_is_enough(patch: Patch) -> None:
    patch.setattr(silence, "peer_silence", lambda node, witness: 1e9)
    patch.setattr(orders, "has_let_go", lambda node, peer: True)


def nodes_do_not_isolate_themselves(patch: Patch) -> None:
    patch.setattr(SimNode, "holds_right", lambda self, clock: self.goal is not None)


def stale_orders_are_taken(patch: Patch) -> None:
    accept = SimNode.put

    def put_anything(self: SimNode, order, clock: float) -> None:
        self.highest_epoch = self.order_seq = 0
        accept(self, order, clock)

    patch.setattr(SimNode, "put", put_anything)


def an_order_without_an_answer_counts_as_refused(patch: Patch) -> None:
    patch.setattr(simulation, "sent", lambda before, report, goal: None)


def an_order_without_an_answer_counts_as_lost_once_the_node_is_asked(patch: Patch) -> None:
    patch.setattr(under_way, "is_void", lambda orders, report: report.seq > orders.seq)


def overtaken_orders_are_taken(patch: Patch) -> None:
    patch.setattr(SimNode, "is_overtaken", lambda self, order: False)


def orders_keep_their_epoch(patch: Patch) -> None:
    good = orders.with_orders

    def with_old_epochs(before, both_ways):
        after = good(before, both_ways)
        nodes = zip(after.nodes, before.nodes, strict=True)
        kept = tuple(replace(a, ordered_epoch=b.ordered_epoch) for a, b in nodes)
        return replace(after, epoch=before.epoch, nodes=kept)

    patch.setattr(orders, "with_orders", with_old_epochs)


def a_state_is_set_beside_the_table(patch: Patch) -> None:
    good = pair._stepped

    def stepped(node, step, now, *, restart_told):
        return replace(good(node, step, now, restart_told=restart_told), reason=Reason.UNKNOWN)

    patch.setattr(pair, "_stepped", stepped)


def versions_are_not_compared(patch: Patch) -> None:
    good = World.decide_from

    def decide_from(self: World, look, request=None) -> Decision:
        return good(self, replace(look, version=self.version), request)

    patch.setattr(World, "decide_from", decide_from)


def a_blind_engine_acts(patch: Patch) -> None:
    good = pair._fire
    patch.setattr(pair, "_fire", lambda *given, blind: good(*given, blind=False))


def nothing_is_held(patch: Patch) -> None:
    patch.setattr(conditions, "is_held", lambda pair, now: False)


def whoever_answers_counts_as_healthy(patch: Patch) -> None:
    patch.setattr(conditions, "is_healthy", lambda node, settings: node.reachable)


def _set_rows(patch: Patch, rows: tuple[Row, ...]) -> None:
    patch.setattr(pair, "ROWS", rows)
    pair._candidates.cache_clear()


def a_node_that_returns_is_forgotten(patch: Patch) -> None:
    _set_rows(patch, tuple(row for row in ROWS if row.rule != "returned"))


def a_row_fires_for_nothing(patch: Patch) -> None:
    normal = frozenset({NodeState.NORMAL})
    idle_talk = Row("idle-talk", normal, normal, When.SETTLED, Step(None), Step(None))
    _set_rows(patch, (*ROWS, idle_talk))


def a_decision_hangs_on_more_than_its_inputs(patch: Patch) -> None:
    dice = random.Random(1)
    good = conditions.is_healthy
    patch.setattr(conditions, "is_healthy", lambda n, s: good(n, s) and dice.random() < 0.7)


BUGS: list[tuple[str, Callable[[Patch], None]]] = [
    ("I01", orders_jump_to_their_targets),
    ("I01", an_unreachable_node_counts_as_stopped_at_once),
    ("I01", one_witness_is_enough),
    ("I01", nodes_do_not_isolate_themselves),
    ("I03", orders_keep_their_epoch),
    ("I04", orders_jump_to_their_targets),
    ("I04", an_unreachable_node_counts_as_stopped_at_once),
    ("I04", one_witness_is_enough),
    ("I05", a_state_is_set_beside_the_table),
    ("I06", versions_are_not_compared),
    ("I07", a_blind_engine_acts),
    ("I09", whoever_answers_counts_as_healthy),
    ("I11", a_node_that_returns_is_forgotten),
    ("I13", a_row_fires_for_nothing),
]


@pytest.fixture
def bug() -> Iterator[Patch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    pair._candidates.cache_clear()


def broken_by(seed: int) -> set[str]:
    history: list[Record] = []
    try:
        live_and_recover(seed, STEPS, history.append)
    except AssertionError:
        return {name for name, _ in wrongs(history)} | {"stopped"}
    return {name for name, _ in wrongs(history)}


@pytest.mark.parametrize(("name", "seeded"), BUGS, ids=lambda v: getattr(v, "__name__", v))
def test_red_on_a_seeded_bug(name: str, seeded: Callable[[Patch], None], bug: Patch):
    seeded(bug)
    assert any(name in broken_by(seed) for seed in range(MOST_LIVES))


# Bugs that random lives hardly ever meet, each in the one story that they spoil.


def an_order_from_before_a_failover_arrives_after_it() -> None:
    world = World()
    world.run(1)
    node = world.nodes[0]
    assert node.goal is not None
    before = Order(node.goal, str(node.boot), node.fences, node.seq)
    world.step(Request(Action.FAILOVER, 0))
    world.run(1)
    world.arrive(0, before)
    world.start_ordered_services()
    world.check()
    assert node.serving == set()


def high_availability_goes_off_unseen_and_on_again() -> None:
    world = World()
    world.run(1)
    world.switch_ha(on=False)
    world.step()
    world.mail()
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.switch_ha(on=True)
    world.run(40)
    assert world.nodes[0].serving == {"a"}


def high_availability_goes_off_and_on_and_the_former_order_comes_last() -> None:
    """Both are of one epoch. The node is cut off before anybody looks again."""
    world = World()
    world.run(1)
    world.switch_ha(on=False)
    world.step()
    late = world.late[:]
    world.switch_ha(on=True)
    world.late.clear()
    world.run(1)
    assert world.nodes[0].limited()
    for index, order in late:
        world.arrive(index, order)
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(40)
    assert (world.nodes[0].serving, world.nodes[1].serving) == (set(), {"a", "b"})


def an_order_that_nothing_followed_comes_after_the_node_was_asked_again() -> None:
    """High Availability is on again before the node heard that it was off: it follows already."""
    world = World()
    world.run(1)
    world.switch_ha(on=False)
    world.step()
    late, world.late = world.late, []
    world.switch_ha(on=True)
    world.step()
    world.late.clear()
    world.step()
    for index, order in late:
        world.arrive(index, order)
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(40)
    assert world.nodes[1].serving == {"b"}


STORIES = [
    (stale_orders_are_taken, an_order_from_before_a_failover_arrives_after_it),
    (
        an_order_without_an_answer_counts_as_refused,
        high_availability_goes_off_unseen_and_on_again,
    ),
    (
        overtaken_orders_are_taken,
        high_availability_goes_off_and_on_and_the_former_order_comes_last,
    ),
    (
        an_order_without_an_answer_counts_as_lost_once_the_node_is_asked,
        an_order_that_nothing_followed_comes_after_the_node_was_asked_again,
    ),
]


@pytest.mark.parametrize(("seeded", "story"), STORIES)
def test_i01_red_in_the_story_that_a_bug_spoils(seeded, story, bug: Patch):
    story()
    seeded(bug)
    with pytest.raises(AssertionError, match="served by both"):
        story()


def flapping() -> set[str]:
    """A service of A dies and comes back, three times; automatic fallback is on."""
    history: list[Record] = []
    quick = replace(simulation.SETTINGS, automatic_fallback=True, automatic_fallback_delay=1)
    world = World(settings=quick, watch=history.append)
    world.run(1)
    for _ in range(3):
        world.nodes[0].services_up, world.nodes[0].down_since = False, world.clock
        world.run(4)
        world.nodes[0].services_up = True
        world.run(6)
    return {name for name, _ in wrongs(history)}


def test_i07_and_i08_red_when_nothing_is_held(bug: Patch):
    assert flapping() == set()
    nothing_is_held(bug)
    assert {"I07", "I08"} <= flapping()


def test_i18_red_when_a_decision_hangs_on_more_than_its_inputs(bug: Patch):
    a_decision_hangs_on_more_than_its_inputs(bug)
    history: list[Record] = []
    for seed in range(10):
        live_and_recover(seed, STEPS, history.append)
    assert not all(map(replays, history))


# I10, on the virtual clock: the engine looks each second, so that much is added by the looking.


def seconds_until_served_after(harm: Callable[[World], object]) -> float:
    world = World()
    world.run(1)
    harm(world)
    began = world.clock
    while world.nodes[1].serving != {"a", "b"}:
        world.run(1)
        assert world.clock < began + 100, "never served"
    return world.clock - began


def a_node_dies(world: World) -> None:
    world.nodes[0].crash()


def a_service_dies(world: World) -> None:
    world.nodes[0].services_up, world.nodes[0].down_since = False, world.clock


HARMS = [(a_node_dies, "silent"), (a_service_dies, "service")]


def most(bound: str) -> float:
    served = getattr(timing.worst_case(World().settings), bound).served_s
    return served + World().settings.heart_beat_interval


@pytest.mark.parametrize(("harm", "bound"), HARMS)
def test_i10_everybody_is_served_within_the_formula(harm, bound: str):
    assert seconds_until_served_after(harm) <= most(bound)


@pytest.mark.parametrize(("harm", "bound"), HARMS)
def test_i10_red_when_the_engine_waits_for_longer(harm, bound: str, bug: Patch):
    long = most(bound) + 5
    for module in (silence, conditions):
        bug.setattr(module, "silence_values", lambda facts, limit: None)
    bug.setattr(timing, "service_delay", lambda settings: long)
    with pytest.raises(AssertionError):
        assert seconds_until_served_after(harm) <= long - 5


# What the pure core cannot show, or not alone.

ELSEWHERE: dict[str, list[tuple[str, str]]] = {
    "I01": [
        ("tests/scenarios/test_never_twice.py", "test_users_of_a_dead_service_are_served_by_one"),
        ("tests/scenarios/test_never_twice.py", "test_a_frozen_agent_that_wakes_up_serves_nobody"),
    ],
    "I02": [
        ("tests/recovery/test_users_stay.py", "test_i02_a_failover_of_all_users_and_back_writes"),
        ("tests/recovery/test_users_stay.py", "test_i02_red_when_a_user_is_moved"),
    ],
    "I03": [("tests/agent/test_goals.py", "test_a_stale_epoch_is_refused_even_after_a_restart")],
    "I06": [("tests/recovery/test_races.py", "test_two_engines_make_each_change_once")],
    "I12": [
        ("tests/domain/test_exhaustive.py", "test_from_every_place_an_operator_finds_a_way_home"),
        ("tests/domain/test_exhaustive.py", "test_red_when_a_row_of_the_way_home_is_missing"),
    ],
    "I13": [("tests/recovery/test_cycle.py", "test_the_event_says_who_did_it_and_by_which_values")],
    "I14": [
        ("tests/notify/test_outbox.py", "test_i14_each_alarm_is_tried_at_each_channel_and_is"),
        ("tests/notify/test_outbox.py", "test_i14_red_on_a_seeded_bug"),
        ("tests/notify/test_outbox.py", "test_the_same_thing_raised_twice_is_one_alarm_and_one"),
        ("tests/notify/test_outbox.py", "test_a_channel_that_hangs_keeps_no_other"),
        ("tests/scenarios/test_notifications.py", "test_f31_a_channel_that_hangs_holds_up_no"),
    ],
    "I15": [
        ("tests/e2e/test_sleeping_browser.py", "test_f30_a_browser_that_slept_through_a_hundred"),
        ("tests/live/test_hub.py", "test_i15_a_browser_that_comes_back_shows_what_is_so"),
        ("tests/live/test_hub.py", "test_i15_red_when_what_was_missed_is_not_told"),
        ("tests/live/test_hub.py", "test_resync_reaches_everybody"),
    ],
    "I16": [
        ("tests/scenarios/test_secrets.py", "test_i16_after_a_failover_and_its_errors_no_secret"),
        ("tests/scenarios/test_secrets.py", "test_i16_red_when_a_key_is_logged"),
        ("tests/launcher/test_installation.py", "test_no_secret_is_on_a_command_line"),
        ("tests/admin/test_support_pages.py", "test_the_hash_of_a_nodes_key_is_not_shown"),
    ],
    "I17": [
        ("tests/accounts/test_matrix.py", "test_reading_changes_nothing"),
        ("tests/accounts/test_matrix.py", "test_i17_red_when_a_page_that_is_read_leaves"),
    ],
    "I18": [
        (
            "tests/domain/test_replay.py",
            "test_every_decision_of_a_life_decides_alike_from_its",
        ),
        ("tests/recovery/test_replays.py", "test_each_event_of_a_life_is_decided_alike"),
        ("tests/recovery/test_selfcheck.py", "test_a_decision_that_comes_out_otherwise_is_i18"),
    ],
}
HERE = {name for name, _ in BUGS} | {"I08", "I10", "I18"}


def test_every_invariant_is_judged_somewhere():
    every = {f"I{number:02}" for number in range(1, 19)}
    assert HERE | set(ELSEWHERE) == every


@pytest.mark.parametrize("name", sorted(set(ELSEWHERE) - HERE))
def test_what_is_judged_elsewhere_was_seen_red_there(name: str):
    assert any("_red_" in test for _, test in ELSEWHERE[name])


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_the_test_that_shows_it_exists(name: str):
    for path, test in ELSEWHERE[name]:
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8")
