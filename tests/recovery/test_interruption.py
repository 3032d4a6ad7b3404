"""The engine dies at any line; another goes on, nothing happens twice and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.live import news
from prg_admin.recovery import cycle
from prg_admin.recovery import services as recovery_services
from tests.recovery.agents import SimPair, create_sim_pair

S = NodeState
FAILOVER_RULES = ["failover-asked", "next-order", "take-over-done-idle"]
FALLBACK_RULES = ["fallback-asked", "fall-back-ready", "next-order", "fall-back-done"]
MOST_POINTS = 60


class Died(Exception):  # noqa: N818 - an end, not a fault
    """The process was killed here."""


class Fuse:
    """Counts the points that were passed, and ends the process at the one it was set to."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.last = ""

    def point(self, name: str) -> None:
        if self.left is None:
            return
        if self.left == 0:
            self.last = name
            raise Died(name)
        self.left -= 1

    def after(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def wired(*args: Any, **kwargs: Any) -> Any:
            answer = work(*args, **kwargs)
            self.point(f"after {name}")
            return answer

        return wired

    @contextmanager
    def set_to(self, count: int) -> Iterator[None]:
        self.left = count
        yield
        self.left = None


@pytest.fixture
def fuse(pair: SimPair, monkeypatch: pytest.MonkeyPatch) -> Fuse:
    fuse = Fuse()
    monkeypatch.setattr(cycle.Case, "decided", fuse.after("decide", cycle.Case.decided))
    for name in ("record", "_decide_and_record", "expect_taken", "deliver"):
        monkeypatch.setattr(cycle, name, fuse.after(name, getattr(cycle, name)))
    monkeypatch.setattr(pair.network, "probe", fuse.after("probe", pair.network.probe))
    monkeypatch.setattr(pair.network, "_put", fuse.after("order", pair.network._put))
    pair.network.before_order = lambda name: fuse.point("before order")
    return fuse


def dies(pair: SimPair, fuse: Fuse, count: int) -> bool:
    """Whether the engine's turn ended at its ``count``-th point instead of at its end."""
    with fuse.set_to(count):
        try:
            pair.advance()
        except Died:
            return True
    return False


def points_of(pair: SimPair, fuse: Fuse, action: Action, rules: list[str]) -> list[str]:
    """Every point of one recovery at which the engine was killed and finished by another."""
    back = Action.FALLBACK if action is Action.FAILOVER else Action.FAILOVER
    points: list[str] = []
    for count in range(MOST_POINTS):
        before = pair.group_version()
        assert pair.ask(action, 0) is None
        died = dies(pair, fuse, count)
        pair.advance()
        assert [e.rule for e in pair.events(after=before)] == rules, fuse.last
        assert pair.ask(back, 0) is None
        pair.advance()
        if not died:
            return points
        points.append(fuse.last)
    raise AssertionError("the recovery has no end")


@pytest.mark.fault("F16")
def test_a_failover_survives_the_engines_death_at_every_point(pair: SimPair, fuse: Fuse):
    points = points_of(pair, fuse, Action.FAILOVER, FAILOVER_RULES)
    assert pair.states == (S.NORMAL, S.NORMAL)
    assert set(points) == {
        "after probe", "after decide", "after record", "after _decide_and_record",
        "after expect_taken", "before order", "after order", "after deliver",
    }  # fmt: skip
    assert points.count("after order") == 2


def test_a_fallback_survives_the_engines_death_at_every_point(pair: SimPair, fuse: Fuse):
    pair.ask(Action.FAILOVER, 0)
    pair.advance()
    points = points_of(pair, fuse, Action.FALLBACK, FALLBACK_RULES)
    assert pair.states == (S.IDLE, S.BACKUP)
    assert points.count("after order") >= 3


def test_an_engine_that_dies_at_every_second_turn_still_gets_there(pair: SimPair, fuse: Fuse):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    turns = 0
    while dies(pair, fuse, 3 + turns):
        turns += 1
    assert turns > 3
    assert pair.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert [e.rule for e in pair.events(after=before)] == [
        "service-down", "next-order", "take-over-done",
    ]  # fmt: skip


def test_a_request_that_dies_before_its_commit_was_never_made(pair: SimPair, monkeypatch):
    before = pair.group_version()

    def die(*args: Any, **kwargs: Any) -> None:
        raise Died

    monkeypatch.setattr(recovery_services, "enqueue", die)
    with pytest.raises(Died):
        pair.ask(Action.FAILOVER, 0)
    assert pair.group_version() == before
    assert pair.events(after=before) == []
    assert pair.states == (S.NORMAL, S.NORMAL)


@pytest.mark.fault("F16")
@pytest.mark.django_db(transaction=True)
def test_an_engine_that_dies_before_its_news_has_done_its_work(broker, monkeypatch):
    pair = create_sim_pair()

    def die(topics: tuple[str, ...]) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(news, "_publish", die)
        deaths = 0
        while pair.states != (S.NORMAL, S.NORMAL):
            deaths += 1
            assert deaths < 10
            with pytest.raises(Died):
                pair.advance()
    pair.advance()
    assert [e.rule for e in pair.events()] == ["ha-on", "init-done"]
