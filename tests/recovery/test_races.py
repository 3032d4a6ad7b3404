"""Two at once, on real PostgreSQL: one wins, the other gives way, and nothing happens twice.

Whoever has to come first holds the group's lock until the other waits for it; no luck is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction

from prg_admin.domain.limitations import Limitation
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.domain.wire import CallInKind
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pair
from prg_admin.recovery import cycle, sweep
from prg_admin.recovery import services as recovery_services
from prg_admin.recovery.reports import keep_answers
from prg_admin.recovery.services import CallInAnswer
from prg_admin.topology.agents import Answer
from prg_admin.topology.models import Node, NodeReport
from tests.factories import create_node
from tests.recovery.agents import SimPair, at, create_quick_cluster, create_sim_pair
from tests.recovery.threads import all_at_once, until_it_waits, workers

pytestmark = pytest.mark.django_db(transaction=True)

S = NodeState
ROUNDS = 4


@pytest.fixture
def pair(transactional_db: None, broker) -> SimPair:
    pair = create_sim_pair()
    pair.run(1)
    assert pair.states == (S.NORMAL, S.NORMAL)
    return pair


def once_in(module: Any, name: str, hook: Callable[[], None], monkeypatch: Any) -> None:
    """Calls ``hook`` right after the next call of ``module.name``."""
    work = getattr(module, name)

    def hooked(*args: Any, **kwargs: Any) -> Any:
        answer = work(*args, **kwargs)
        monkeypatch.setattr(module, name, work)
        hook()
        return answer

    monkeypatch.setattr(module, name, hooked)


def rules(pair: SimPair, before: int) -> list[str]:
    return [event.rule for event in pair.events(after=before)]


def silent(pair: SimPair) -> None:
    """Neither engine nor B hear A for the limit, but A itself reaches the engine."""
    pair.cut = {("engine", "a"), ("a", "b"), ("b", "a")}
    pair.pass_time(4)
    NodeReport.objects.filter(node__name="a").update(heard_at=at(pair.clock - 4))


# Engine against engine.


def test_two_engines_make_each_change_once(pair: SimPair):
    probe = pair.network.probe
    for turn in range(ROUNDS):
        action, expected = (
            (Action.FALLBACK, ["fallback-asked", "fall-back-ready", "next-order", "fall-back-done"])
            if turn % 2
            else (Action.FAILOVER, ["failover-asked", "next-order", "take-over-done-idle"])
        )
        before, both_probed = pair.group_version(), Barrier(2)
        pair.ask(action, 0)
        first = iter((True, True))

        def probe_together(targets, barrier=both_probed, first=first):
            answers = probe(targets)
            if next(first, False):
                barrier.wait(20)
            return answers

        pair.network.probe = probe_together  # type: ignore[method-assign]
        all_at_once(pair.advance, pair.advance)
        assert rules(pair, before) == expected
    assert pair.states == (S.NORMAL, S.NORMAL)


def test_an_engine_that_waited_for_another_looks_anew(pair: SimPair, monkeypatch):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    with workers(1) as begin:

        def another() -> None:
            waiting.append(begin(pair.advance))
            until_it_waits()

        waiting: list[Any] = []
        once_in(cycle, "record", another, monkeypatch)
        changes = pair.advance().changes
        changes += waiting[0].result(30).changes
    assert rules(pair, before) == ["service-down", "next-order", "take-over-done"]
    assert changes == 3


# People against the engine.


@pytest.mark.fault("F23")
def test_a_request_between_probe_and_decision_wins(pair: SimPair, monkeypatch):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    asked: list[Limitation | None] = []
    once_in(pair.network, "probe", lambda: asked.append(pair.ask(Action.FAILOVER, 0)), monkeypatch)
    pair.advance()
    assert asked == [None]
    assert rules(pair, before) == ["failover-asked", "next-order", "take-over-done-idle"]


@pytest.mark.fault("F23")
def test_a_request_that_waited_for_the_engine_is_judged_by_what_it_finds(
    pair: SimPair, monkeypatch
):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    with workers(1) as begin:

        def ask() -> None:
            waiting.append(begin(pair.ask, Action.FAILOVER, 1))
            until_it_waits()

        waiting: list[Any] = []
        once_in(cycle, "record", ask, monkeypatch)
        pair.advance()
        assert waiting[0].result(30) in (Limitation.IN_TRANSITION, Limitation.NODE_NOT_NORMAL)
    assert rules(pair, before) == ["service-down", "next-order", "take-over-done"]


def test_an_engine_that_waited_for_a_request_goes_on_with_it(pair: SimPair, monkeypatch):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    with workers(1) as begin:

        def engine() -> None:
            waiting.append(begin(pair.advance))
            until_it_waits()

        waiting: list[Any] = []
        once_in(recovery_services, "record", engine, monkeypatch)
        assert pair.ask(Action.FAILOVER, 0) is None
        waiting[0].result(30)
    assert rules(pair, before) == ["failover-asked", "next-order", "take-over-done-idle"]
    assert pair.states == (S.IDLE, S.BACKUP)


@pytest.mark.fault("F23")
def test_of_two_people_one_wins_and_the_other_is_told(pair: SimPair):
    for _ in range(ROUNDS):
        before, ready = pair.group_version(), Barrier(2)

        def ask(index: int, ready: Barrier = ready) -> Limitation | None:
            ready.wait(20)
            return pair.ask(Action.FAILOVER, index)

        refusals = all_at_once(lambda: ask(0), lambda: ask(1))
        assert set(refusals) == {None, Limitation.IN_TRANSITION}
        winner = refusals.index(None)
        assert [e.values for e in pair.events(after=before)] == [{"node": pair.names[winner]}]
        pair.advance()
        assert pair.ask(Action.FALLBACK, winner) is None
        pair.advance()
        assert pair.states == (S.NORMAL, S.NORMAL)


def test_high_availability_switched_off_while_the_engine_probes_stops_it(
    pair: SimPair, monkeypatch
):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    groups = PresenceRedundancyGroup.objects.filter(pk=pair.group_id)
    once_in(pair.network, "probe", lambda: groups.update(ha_enabled=False), monkeypatch)
    pair.advance()
    assert rules(pair, before) == ["ha-off"]


def test_a_group_deleted_while_the_engine_probes_is_let_go(pair: SimPair, monkeypatch):
    pair.lose_service(0)
    pair.pass_time(2)
    groups = PresenceRedundancyGroup.objects.filter(pk=pair.group_id)
    once_in(pair.network, "probe", groups.delete, monkeypatch)
    outcome = cycle.advance(pair.group_id, client=pair.network, clock=lambda: pair.now)
    assert outcome.changes == 0


# A node that says it is alive, against its take-over.


def test_a_silent_node_is_taken_over_unless_it_calls(pair: SimPair):
    before = pair.group_version()
    silent(pair)
    pair.advance()
    assert rules(pair, before)[0] == "silent"


def test_a_call_after_the_probe_prevents_the_take_over(pair: SimPair, monkeypatch):
    before = pair.group_version()
    silent(pair)
    answers: list[CallInAnswer] = []
    call = lambda: answers.append(pair.call_in(0, CallInKind.ALIVE))  # noqa: E731
    once_in(pair.network, "probe", call, monkeypatch)
    pair.advance()
    assert answers == [CallInAnswer.RENEWED]
    assert rules(pair, before) == []


def test_a_call_that_holds_the_lock_first_prevents_the_take_over(pair: SimPair, monkeypatch):
    before = pair.group_version()
    silent(pair)
    with workers(1) as begin, transaction.atomic():
        assert pair.call_in(0, CallInKind.ALIVE) is CallInAnswer.RENEWED
        engine = begin(pair.advance)
        until_it_waits()
        transaction.on_commit(lambda: engine.result(30))
    assert rules(pair, before) == []
    assert pair.states == (S.NORMAL, S.NORMAL)


def test_a_call_that_waited_for_the_take_over_renews_nothing(pair: SimPair, monkeypatch):
    before = pair.group_version()
    silent(pair)
    with workers(1) as begin:

        def call() -> None:
            waiting.append(begin(pair.call_in, 0, CallInKind.ALIVE))
            until_it_waits()

        waiting: list[Any] = []
        once_in(cycle, "record", call, monkeypatch)
        pair.advance()
        assert waiting[0].result(30) is CallInAnswer.GIVEN_AWAY
    assert rules(pair, before)[0] == "silent"
    assert NodeReport.objects.get(node__name="a").heard_at == at(pair.clock - 4)


# Sweeps.


def claimed(second: float) -> list[int]:
    return [node for portion in sweep.claim_due(now=at(second)) for node in portion]


def test_two_sweeps_claim_each_node_once():
    cluster = create_quick_cluster()
    nodes = {create_node(cluster=cluster).pk for _ in range(20)}
    for turn in range(ROUNDS):
        ready = Barrier(2)

        def claim(turn: int = turn, ready: Barrier = ready) -> list[int]:
            ready.wait(20)
            return claimed(turn)

        first, second = all_at_once(claim, claim)
        assert sorted(first + second) == sorted(nodes)


def test_a_sweep_passes_over_what_another_is_claiming():
    cluster = create_quick_cluster()
    nodes = [create_node(cluster=cluster).pk for _ in range(3)]
    with transaction.atomic():
        Node.objects.select_for_update().get(pk=nodes[0])
        others = all_at_once(lambda: claimed(0))[0]
    assert sorted(others) == nodes[1:]


def test_two_writers_of_reports_never_wait_for_one_another():
    """Whoever waits for a node's row holds none that comes after it."""
    pair = create_sim_pair()
    low, high = sorted(NodeReport.objects.values_list("pk", flat=True))
    a, b = load_pair(pair.group_id).nodes
    heard = [(low, a, Answer(None, "timeout")), (high, b, pair.answer("b"))]
    rows = NodeReport.objects.order_by("pk")

    @transaction.atomic
    def keep() -> None:
        keep_answers(heard, now=at(1))

    with workers(1) as begin:
        with transaction.atomic():
            rows.select_for_update().get(pk=low)
            keeping = begin(keep)
            until_it_waits()
            assert rows.select_for_update(nowait=True).get(pk=high)
        keeping.result(30)
    assert [row.reachable for row in rows] == [False, True]
