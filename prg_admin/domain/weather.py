"""What the engine can see of a pair: every combination of what its nodes say or leave unsaid.

A **place** is what the engine has recorded of a pair, without times and epochs; a **weather** is
everything else that ``decide`` looks at: what the nodes report, who misses whom for how long, what
has restarted, how old the last change is. Times are folded to *before* and *after* each limit, so
both are finite and every combination can be tried.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.states import (
    TRANSITIONAL,
    NodeState,
    Reason,
    Role,
    ServiceState,
    homes_served,
)
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.transitions import ROWS
from prg_admin.domain.wire import (
    REFUSED,
    REFUSING,
    DatabaseReport,
    PeerReport,
    Report,
    ServiceReport,
)

SETTINGS = RecoverySettings(
    heart_beat_interval=1,
    connect_timeout=1,
    keep_alive_timeout=4,
    initialization_timeout=8,
    critical_service_delay=2,
    transition_deadline=20,
    automatic_fallback_delay=30,
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("a", "b")
EPOCH = 10
SHORT, LONG, LONGEST = 1.0, 5.0, 50.0
"""Seconds: within every limit; past the silence limit; past every limit."""


class Place(NamedTuple):
    """What is recorded of one node, and of its peer after it; sorted, for a pair has no left."""

    state: NodeState
    target: Role
    ordered: Role
    told_by: tuple[bool, ...]
    """For each set of reasons that rows ask for: whether the reason is in it."""
    reason: Reason


class Places(NamedTuple):
    ha_enabled: bool
    nodes: tuple[Place, Place]

    @property
    def states(self) -> tuple[NodeState, NodeState]:
        return (self.nodes[0].state, self.nodes[1].state)


class Health(Enum):
    """Seconds for which a service and the database have been down."""

    FINE = (None, None)
    SERVICE_SHORT = (SHORT, None)
    SERVICE_LONG = (LONG, None)
    DATABASE_SHORT = (None, SHORT)
    DATABASE_LONG = (None, LONG)
    ALL_LONG = (LONG, LONG)


class Follows(Enum):
    """How the latest report stands to the order in force."""

    ORDER = "does what it is ordered"
    NOT_YET = "has the order, and still serves everybody"
    BEFORE = "does not have the order"


@dataclass(frozen=True, slots=True)
class Answers:
    health: Health = Health.FINE
    follows: Follows = Follows.ORDER
    restarted: bool = False
    misses_peer_for: float = 0.0


class Last(Enum):
    """The last report of a node that is out of reach."""

    NONE = "never reported"
    ISOLATES = "serves, and stops by itself"
    KEEPS_SERVING = "serves, and does not stop by itself"
    SERVES_NOBODY = "serves nobody before a new order"


@dataclass(frozen=True, slots=True)
class Silent:
    missed_for: float | None
    """By the engine; None: it never heard the node."""
    last: Last
    goodbye: bool = False
    stated_off: bool = False
    refused: bool = False


Weather = Answers | Silent


@dataclass(frozen=True, slots=True)
class Sky:
    """The weather over a pair: both nodes, and how long ago the last change was."""

    nodes: tuple[Weather, Weather]
    age: float
    automatic_fallback: bool = False
    held: bool = False

    @property
    def settings(self) -> RecoverySettings:
        return AUTOMATIC if self.automatic_fallback else SETTINGS


AUTOMATIC = replace(SETTINGS, automatic_fallback=True)
SILENCES = tuple(
    [Silent(None, Last.NONE)]
    + [Silent(s, last) for s in (SHORT, LONG, LONGEST) for last in Last if last is not Last.NONE]
    + [Silent(SHORT, last, goodbye=True) for last in (Last.ISOLATES, Last.KEEPS_SERVING)]
    + [Silent(s, Last.KEEPS_SERVING, stated_off=True) for s in (SHORT, LONGEST)]
    + [Silent(s, Last.ISOLATES, refused=True) for s in (SHORT, LONG)]
)
ANSWERS = (
    *(Answers(health, follows) for health in Health for follows in Follows),
    *(Answers(h, f, restarted=True) for h in (Health.FINE, Health.ALL_LONG) for f in Follows),
)
_ASKED_REASONS = tuple(dict.fromkeys(r.reasons_a for r in ROWS if r.reasons_a is not None))


def told_by(reason: Reason) -> tuple[bool, ...]:
    return tuple(reason in asked for asked in _ASKED_REASONS)


def place(state: NodeState, target: Role, ordered: Role, reason: Reason) -> Place:
    return Place(state, target, ordered, told_by(reason), reason)


START = Places(
    ha_enabled=False,
    nodes=(place(NodeState.UNKNOWN, Role.OWN, Role.OWN, Reason.HA_NOT_ENABLED),) * 2,
)


# What the engine sees of a place in a weather.


Weathers = tuple[tuple[Weather, Weather], ...]


def skies(places: Places, weathers: Weathers) -> Iterator[Sky]:
    """The weathers, each with every age and setting that can make a difference here."""
    waits = bool(set(places.states) & (TRANSITIONAL | {NodeState.FAILED_OVER}))
    ages = (SHORT, LONGEST) if waits else (SHORT,)
    fallbacks = ((False, False),)
    if NodeState.FAILED_OVER in places.states:
        fallbacks += ((True, False), (True, True))  # type: ignore[assignment]
    for nodes, age, (automatic, held) in itertools.product(weathers, ages, fallbacks):
        yield Sky(nodes, age, automatic, held)


@functools.cache
def every_weather() -> Weathers:
    """All there is: some 2,500 for each place."""
    return _weathers(ANSWERS, (SHORT, LONG, LONGEST))


@functools.cache
def telling_weather() -> Weathers:
    """Enough to reach every place, as a test proves, in a tenth of the time."""
    healths = (Health.FINE, Health.SERVICE_LONG, Health.DATABASE_LONG)
    answers = [Answers(h, f) for h in healths for f in (Follows.ORDER, Follows.NOT_YET)]
    restarts = [Answers(follows=f, restarted=True) for f in (Follows.ORDER, Follows.BEFORE)]
    refused = (Answers(misses_peer_for=SHORT), Silent(LONG, Last.ISOLATES, refused=True))
    return (*_weathers((*answers, *restarts), (LONGEST,)), refused, refused[::-1])


def _weathers(answers: tuple[Answers, ...], misses: tuple[float, ...]) -> Weathers:
    one_silent = [
        (replace(answer, misses_peer_for=missed), silent)
        for answer in answers
        for silent in SILENCES
        for missed in misses
    ]
    return (
        *itertools.product(answers, answers),
        *one_silent,
        *((silent, answer) for answer, silent in one_silent),
        *itertools.product(SILENCES, SILENCES),
    )


def seen(places: Places, sky: Sky) -> Pair:
    """The pair as the engine would see it."""
    held = (NOW - timedelta(hours=1), NOW - timedelta(minutes=1)) if sky.held else ()
    return Pair(
        group="g",
        ha_enabled=places.ha_enabled,
        epoch=EPOCH,
        nodes=(_view(0, places.nodes[0], sky), _view(1, places.nodes[1], sky)),
        automatic_failovers=held,
    )


@functools.lru_cache(maxsize=100_000)
def _node_view(index: int, at: Place, weather: Weather, age: float) -> NodeView:
    answers = isinstance(weather, Answers)
    missed = 0.0 if isinstance(weather, Answers) else weather.missed_for
    return NodeView(
        name=NAMES[index],
        host="127.0.0.1",
        port=1 + index,
        state=at.state,
        reason=at.reason,
        since=NOW - timedelta(seconds=age),
        target=at.target,
        ordered=at.ordered,
        ordered_epoch=EPOCH,
        heard_at=None if missed is None else NOW - timedelta(seconds=missed),
        last_report=_report(index, at.ordered, weather),
        reachable=answers,
        error=_error(weather),
        boot_id="1",
        goodbye=isinstance(weather, Silent) and weather.goodbye,
        stated_off_at=NOW if isinstance(weather, Silent) and weather.stated_off else None,
    )


def _error(weather: Weather) -> str:
    if isinstance(weather, Answers):
        return ""
    return REFUSED if weather.refused else "timeout"


def _view(index: int, at: Place, sky: Sky) -> NodeView:
    return _node_view(index, at, sky.nodes[index], sky.age)


def _report(index: int, ordered: Role, weather: Weather) -> Report | None:
    if isinstance(weather, Answers):
        return _answer(index, ordered, weather)
    if weather.last is Last.NONE:
        return None
    role = Role.STANDBY if weather.last is Last.SERVES_NOBODY else Role.OWN
    limit = 3.0 if weather.last is Last.ISOLATES else 0.0
    last = _answer(index, role, Answers())
    return replace(last, role=role, isolation_limit_s=limit)


def _answer(index: int, ordered: Role, weather: Answers) -> Report:
    name, peer = NAMES[index], NAMES[1 - index]
    service_down, database_down = weather.health.value
    obeys, has_it = weather.follows is Follows.ORDER, weather.follows is not Follows.BEFORE
    serving = homes_served(ordered if obeys else Role.BOTH, node=name, peer=peer)
    up = service_down is None
    state = ServiceState.STARTED if up else ServiceState.STOPPED
    return Report(
        node=name,
        version="1",
        boot_id="2" if weather.restarted else "1",
        seq=1,
        order_seq=0,
        up_s=1.0,
        highest_epoch=EPOCH,
        goal_epoch=EPOCH if has_it else EPOCH - 1,
        goal_digest="",
        role=ordered if has_it else Role.OWN,
        serving=tuple(sorted(serving)),
        sessions=0,
        fenced=False,
        fences=0,
        isolation_limit_s=3.0,
        serves_unasked=False,
        services=(ServiceReport("Cisco XCP Router", state, 1, None, service_down, up, ""),),
        # Of a peer that is silent for another reason, the engine's own attempts are not refused.
        peer=PeerReport(
            peer, weather.misses_peer_for, None, REFUSING if weather.misses_peer_for else "", ()
        ),
        database=DatabaseReport(
            answers=database_down is None, down_s=database_down, replication=2, detail=""
        ),
    )


REPAIRED = Sky((Answers(), Answers()), SHORT)
"""Both nodes run, hear one another, and do what they are told."""
