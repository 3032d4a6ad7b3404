"""Every place a pair can be in, in every weather: what may happen, and that there is a way home.

See ``domain.reach`` for what is tried. The walk takes a while, so it is made once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from prg_admin.domain import facts, pair, reach, transitions, weather
from prg_admin.domain.facts import Pair
from prg_admin.domain.health import is_healthy
from prg_admin.domain.invariants import Decided, judged
from prg_admin.domain.limitations import Limitation, refusal
from prg_admin.domain.pair import check_invariants, decide
from prg_admin.domain.reach import Moment
from prg_admin.domain.replay import Case
from prg_admin.domain.requests import ABOUT_A_NODE, Action, Request
from prg_admin.domain.states import TRANSITIONAL, NodeState, Reason, Role
from prg_admin.domain.transitions import ROWS, SET_BY_PEOPLE
from prg_admin.domain.weather import LONGEST, Answers, Health, Last, Places, Silent, Sky

S = NodeState
ASKED = {"failover-asked", "fallback-asked", "recover-asked"}


@dataclass
class Walked:
    graph: dict[Places, frozenset[reach.Move]] = field(default_factory=dict)
    judged: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    sample: list[Moment] = field(default_factory=list)

    def judge(self, moment: Moment) -> None:
        self.judged += 1
        if self.judged % 97 == 0:
            self.sample.append(moment)
        if moment.decision.rule is None and moment.decision.pair is moment.before:
            return  # nothing was touched
        settings = moment.sky.settings
        case = Case(moment.before, settings, weather.NOW, moment.request, moment.blind)
        for wrong in judged(Decided(case, moment.decision)):
            self.wrong[f"{wrong} {moment.decision.rule}"] += 1


@pytest.fixture(scope="module")
def walked() -> Walked:
    found = Walked()
    found.graph = reach.explore(weather.every_weather(), found.judge)
    return found


def test_no_decision_breaks_an_invariant(walked: Walked):
    assert walked.judged > 250_000
    assert not walked.wrong


def test_every_row_of_the_table_is_fired(walked: Walked):
    fired = {move.rule for moves in walked.graph.values() for move in moves}
    assert [row.rule for row in ROWS if row.rule not in fired] == []


def test_every_state_and_reason_is_reached(walked: Walked):
    nodes = [node for places in walked.graph for node in places.nodes]
    assert {node.state for node in nodes} == set(NodeState)
    assert {node.reason for node in nodes} == set(Reason)


def test_the_telling_weather_reaches_every_place(walked: Walked):
    assert set(reach.explore(weather.telling_weather())) == set(walked.graph)


def test_from_every_place_an_operator_finds_a_way_home(walked: Walked):
    assert [places for places in walked.graph if reach.way_home(places) is None] == []


def _one_dead(
    dead: int, last: Last, *, goodbye: bool, stated_off: bool = False
) -> reach.Weathering:
    def sky_of(places: Places) -> Sky:
        alive = places.nodes[1 - dead]
        health = Health.SERVICE_LONG if alive.ordered is Role.IDLE else Health.FINE
        answers = Answers(health, misses_peer_for=LONGEST)
        silent = Silent(LONGEST, last, goodbye, stated_off)
        nodes = (silent, answers) if dead == 0 else (answers, silent)
        return Sky(nodes, weather.SHORT)

    return sky_of


@pytest.mark.parametrize("dead", [0, 1])
@pytest.mark.parametrize(
    ("last", "goodbye"),
    [(Last.ISOLATES, False), (Last.SERVES_NOBODY, False), (Last.KEEPS_SERVING, True)],
)
def test_a_node_that_never_returns_can_always_be_replaced_by_its_peer(
    walked: Walked, dead: int, last: Last, *, goodbye: bool
):
    """Whatever was going on: at the end the living node serves everybody."""

    def arrived(places: Places) -> bool:
        alive = places.nodes[1 - dead]
        return places.ha_enabled and alive.state is S.BACKUP and alive.ordered is Role.BOTH

    sky_of = _one_dead(dead, last, goodbye=goodbye)
    stuck = [p for p in walked.graph if reach.ways(p, weather=sky_of, arrived=arrived) is None]
    assert stuck == []


@pytest.mark.parametrize("dead", [0, 1])
def test_a_node_that_would_go_on_serving_is_replaced_when_somebody_answers_for_it(
    walked: Walked, dead: int
):
    """From every place a person can say so, and then its peer takes over."""

    def arrived(places: Places) -> bool:
        return places.ha_enabled and places.nodes[1 - dead].state is S.BACKUP

    sky_of = _one_dead(dead, Last.KEEPS_SERVING, goodbye=False)
    stated = _one_dead(dead, Last.KEEPS_SERVING, goodbye=False, stated_off=True)
    for places in walked.graph:
        doings = {(doing, node) for doing, node, _ in reach.offered(places, sky_of)}
        assert (("powered-off", dead) in doings) is places.ha_enabled, places
        assert reach.ways(places, weather=stated, arrived=arrived) is not None, places


def test_nothing_is_recovered_towards_a_node_that_may_go_on_serving(walked: Walked):
    """It does not isolate itself and cannot be asked: whoever it serves stays with it."""
    for dead in (0, 1):
        sky_of = _one_dead(dead, Last.KEEPS_SERVING, goodbye=False)
        for places in walked.graph:
            if places.ha_enabled and places.states == (S.FAILED, S.FAILED):
                seen, asked = weather.seen(places, sky_of(places)), Request(Action.RECOVER)
                refused = refusal(seen, asked, settings=weather.SETTINGS)
                assert refused is Limitation.MAY_STILL_SERVE


def test_a_transition_ends_when_everything_is_well(walked: Walked):
    for places in walked.graph:
        rested, _ = reach.settle(places, reach.all_well)
        assert not set(rested.states) & TRANSITIONAL, places


def test_a_blind_engine_only_follows_people(walked: Walked):
    by_people = {row.rule for row in ROWS if row.when in SET_BY_PEOPLE}
    for moment in walked.sample:
        decision = decide(moment.before, settings=moment.sky.settings, now=weather.NOW, blind=True)
        assert decision.rule is None or decision.rule in by_people


def test_multiple_device_messaging_is_the_same_with_doubled_delays(walked: Walked):
    for moment in walked.sample:
        plain = moment.sky.settings
        halved = replace(
            plain,
            multiple_device_messaging=True,
            keep_alive_timeout=plain.keep_alive_timeout / 2,
            initialization_timeout=plain.initialization_timeout / 2,
            critical_service_delay=plain.critical_service_delay / 2,
            transition_deadline=plain.transition_deadline / 2,
        )
        assert decided(moment, halved) == decided(moment, plain)


def test_what_an_isolated_node_is_told_to_do_decides_nothing_else(walked: Walked):
    for moment in walked.sample:
        other = replace(moment.sky.settings, keep_serving_when_isolated=True)
        assert decided(moment, other) == decided(moment, moment.sky.settings)


def test_left_and_right_are_the_same(walked: Walked):
    """But where both ways of a row hold at once, as after two restarts: the first goes first."""
    for moment in walked.sample:
        turned = replace(moment.before, nodes=moment.before.nodes[::-1])
        here, there = decided(moment), decided(moment, before=turned)
        assert here.rule == there.rule
        if here.rule is not None and here.hit is not None and here.hit != there.hit:
            assert here.pair.nodes == there.pair.nodes[::-1] or _epochs_apart(here, there)


def _epochs_apart(here: pair.Decision, there: pair.Decision) -> bool:
    """Orders of both nodes at once get their epochs in the order of the nodes."""
    return [_without_epoch(n) for n in here.pair.nodes] == [
        _without_epoch(n) for n in there.pair.nodes[::-1]
    ]


def _without_epoch(node: facts.NodeView) -> facts.NodeView:
    return replace(node, ordered_epoch=0)


def decided(moment: Moment, settings=None, before: Pair | None = None) -> pair.Decision:
    request = moment.request
    if before is not None and request is not None and request.index is not None:
        request = Request(request.action, 1 - request.index)
    return decide(
        before or moment.before,
        settings=settings or moment.sky.settings,
        now=weather.NOW,
        request=request,
        blind=moment.blind,
    )


def test_an_unknown_event_raises_in_every_place(walked: Walked):
    unknown = [Request(action) for action in Action if action not in ABOUT_A_NODE]
    assert unknown
    for places in walked.graph:
        for request in unknown:
            with pytest.raises(ValueError, match="not decided here"):
                decide(
                    weather.seen(places, weather.REPAIRED),
                    settings=weather.SETTINGS,
                    now=weather.NOW,
                    request=request,
                )


# Red.


def _rows_without(rule: str) -> tuple[transitions.Row, ...]:
    assert any(row.rule == rule for row in ROWS)
    return tuple(row for row in ROWS if row.rule != rule)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A table that may be changed for one test."""
    pair._candidates.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    pair._candidates.cache_clear()


@pytest.mark.parametrize("rule", ["fallback-asked", "services-back", "returned"])
def test_red_when_a_row_of_the_way_home_is_missing(table: pytest.MonkeyPatch, rule: str):
    table.setattr(pair, "ROWS", _rows_without(rule))
    graph = reach.explore(weather.telling_weather())
    assert any(reach.way_home(places) is None for places in graph)


def test_red_when_a_row_is_hidden_by_another(table: pytest.MonkeyPatch):
    silent = next(row for row in ROWS if row.rule == "silent")
    hidden = replace(silent, rule="hidden")
    table.setattr(pair, "ROWS", (*ROWS, hidden))
    graph = reach.explore(weather.telling_weather())
    assert "hidden" not in {move.rule for moves in graph.values() for move in moves}


def test_the_judge_sees_every_kind_of_change(walked: Walked):
    """Else the walk would prove nothing about them."""
    changed = [moment for moment in walked.sample if moment.decision.changed]
    assert {m.request.action for m in changed if m.request} <= set(ABOUT_A_NODE)
    assert len({m.decision.rule for m in changed}) > 15
    for moment in changed:
        check_invariants(moment.decision.pair)
    healthy = [is_healthy(n, weather.SETTINGS) for m in changed for n in m.before.nodes]
    assert {True, False} <= set(healthy)
