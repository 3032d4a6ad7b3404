"""Why a failover, or the way back, did not happen although something is wrong.

The same facts that the transition table looks at, read the other way round: for each node that is
in trouble, the first condition that still stands between it and a failover. Nothing is said about a
node that is well, nor about trouble that the next step of the engine takes care of.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from prg_admin.domain import timing
from prg_admin.domain.facts import Facts, NodeView, Pair, is_held
from prg_admin.domain.foresight import aged
from prg_admin.domain.health import database_down, is_healthy, services_down, services_overdue
from prg_admin.domain.silence import engine_silence, is_fenced, never_stops, peer_silence
from prg_admin.domain.states import FAILED_OVER_STATES, TRANSITIONAL, NodeState
from prg_admin.domain.timing import RecoverySettings


class Why(StrEnum):
    """What stands in the way. ``lib.whynot`` has one sentence for each."""

    HA_OFF = "ha-off"
    BLIND = "blind"
    GROUP_FAILED = "group-failed"
    IN_TRANSITION = "in-transition"
    SERVICE_WITHIN_DELAY = "service-within-delay"
    DATABASE_WITHIN_DELAY = "database-within-delay"
    NEVER_HEARD = "never-heard"
    ONLY_ENGINE_MISSES = "only-engine-misses"
    ONLY_PEER_MISSES = "only-peer-misses"
    NO_SECOND_WITNESS = "no-second-witness"
    SILENCE_WITHIN_LIMIT = "silence-within-limit"
    MAY_STILL_SERVE = "may-still-serve"
    KEEPS_SERVING = "keeps-serving"
    PEER_UNHEALTHY = "peer-unhealthy"
    NOBODY_TO_TAKE_OVER = "nobody-to-take-over"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Hindrance:
    why: Why
    node: str = ""
    """The node in trouble; empty when it is the engine or the group."""
    peer: str = ""
    values: Mapping[str, float | str] = dataclasses.field(default_factory=dict, hash=False)
    """Seconds by name (``silence_s``, ``limit_s``, ...), and names of services."""


def as_of(pair: Pair, now: datetime) -> Pair:
    """The pair with what its last reports counted, counted on to ``now``."""
    return replace(pair, nodes=tuple(_as_of(node, now) for node in pair.nodes))


def _as_of(node: NodeView, now: datetime) -> NodeView:
    if node.heard_at is None:
        return node
    return aged(node, max(0.0, (now - node.heard_at).total_seconds()))


def why_not(
    pair: Pair, *, settings: RecoverySettings, now: datetime, blind: bool = False
) -> list[Hindrance]:
    """What keeps the pair from a failover that something in it calls for, heaviest first."""
    if len(pair.nodes) < 2:  # noqa: PLR2004
        return []
    a, b = pair.nodes
    ways = (Facts(a, b, 0, pair, settings, now), Facts(b, a, 1, pair, settings, now))
    if not pair.ha_enabled:
        return [_of(Why.HA_OFF, f) for f in ways if is_in_trouble(f)]
    if blind:
        return [Hindrance(Why.BLIND)]
    if NodeState.FAILED in (a.state, b.state):
        stay = [_of(Why.KEEPS_SERVING, f) for f in ways if never_stops(f.a)]
        return [Hindrance(Why.GROUP_FAILED), *stay]
    found = [hindrance for facts in ways for hindrance in _hindrances(facts)]
    return [*found, *_held(ways)]


def is_in_trouble(facts: Facts) -> bool:
    """The engine misses A, its peer does, or one of its services or its database is down."""
    return not is_healthy(facts.a, facts.settings) or _peer_misses(facts)


def _hindrances(facts: Facts) -> Iterator[Hindrance]:
    state = facts.a.state
    if state in FAILED_OVER_STATES or state in (NodeState.UNKNOWN, NodeState.FAILING_OVER):
        return  # its users are served by the peer, or on their way there
    if state in TRANSITIONAL - {NodeState.INITIALIZING}:
        if is_in_trouble(facts):
            yield _in_transition(facts)
        return
    if facts.a.reachable:
        yield from _of_services(facts)
        if _peer_misses(facts):
            yield _of(Why.ONLY_PEER_MISSES, facts, silence_s=peer_silence(facts.a, facts.b) or 0.0)
    elif not facts.a.goodbye:
        yield from _of_silence(facts)
    elif not is_healthy(facts.b, facts.settings):
        yield _no_peer(facts)


def _of_services(facts: Facts) -> Iterator[Hindrance]:
    delay = timing.service_delay(facts.settings)
    down = services_overdue(facts.a, facts.settings, facts.now)
    database = database_down(facts.a)
    if database is not None and database < delay:
        yield _of(Why.DATABASE_WITHIN_DELAY, facts, down_s=database, delay_s=delay)
    for name, seconds in down.items():
        if seconds < delay:
            yield _of(Why.SERVICE_WITHIN_DELAY, facts, service=name, down_s=seconds, delay_s=delay)
    longest = max([*down.values(), database or 0.0], default=0.0)
    unfit = (bool(down) or database is not None) and longest >= delay
    if unfit and not is_healthy(facts.b, facts.settings):
        yield _no_peer(facts)


def _of_silence(facts: Facts) -> Iterator[Hindrance]:
    engine, peer = engine_silence(facts.a, facts.now), peer_silence(facts.a, facts.b)
    initializing = facts.a.state is NodeState.INITIALIZING
    limit = (timing.initialization_limit if initializing else timing.silence_limit)(facts.settings)
    if engine is None:
        yield _of(Why.NEVER_HEARD, facts)
    elif peer is None:
        yield _of(Why.NO_SECOND_WITNESS, facts, silence_s=engine)
    elif peer < limit and not _peer_misses(facts):
        yield _of(Why.ONLY_ENGINE_MISSES, facts, silence_s=engine)
    elif min(engine, peer) < limit:
        yield _of(
            Why.SILENCE_WITHIN_LIMIT, facts, engine_s=engine, peer_s=peer, limit_s=limit,
            left_s=limit - min(engine, peer),
        )  # fmt: skip
    elif not is_healthy(facts.b, facts.settings):
        yield _no_peer(facts)
    elif facts.a.state is NodeState.BACKUP and facts.b.state is not NodeState.FAILED_OVER:
        yield _of(Why.NOBODY_TO_TAKE_OVER, facts, peer_state=facts.b.state.value)
    elif never_stops(facts.a):
        yield _of(Why.KEEPS_SERVING, facts)
    elif not is_fenced(facts):
        yield _of(Why.MAY_STILL_SERVE, facts)


def _no_peer(facts: Facts) -> Hindrance:
    """The peer's own trouble: down services, its database, or that it does not answer."""
    if not facts.b.reachable:
        return _of(Why.PEER_UNHEALTHY, facts)
    down = ", ".join(services_down(facts.b, facts.settings))
    return _of(Why.PEER_UNHEALTHY, facts, services=down)


def _in_transition(facts: Facts) -> Hindrance:
    limit = timing.transition_limit(facts.settings)
    since = facts.a.since or facts.now
    left = max(0.0, limit - (facts.now - since).total_seconds())
    return _of(Why.IN_TRANSITION, facts, left_s=left)


def _peer_misses(facts: Facts) -> bool:
    """B can be asked and says that its last heartbeat to A failed, or that A is overdue."""
    silence = peer_silence(facts.a, facts.b)
    report = facts.b.report
    if silence is None or report is None or report.peer is None:
        return False
    overdue = facts.settings.heart_beat_interval + facts.settings.connect_timeout
    return bool(report.peer.error) or silence > overdue


def _held(ways: tuple[Facts, Facts]) -> Iterator[Hindrance]:
    for facts in ways:
        waits = facts.a.state is NodeState.FAILED_OVER and facts.settings.automatic_fallback
        if waits and is_held(facts.pair, facts.now):
            yield _of(Why.HELD, facts, failovers=len(facts.pair.automatic_failovers))


def _of(why: Why, facts: Facts, **values: float | str) -> Hindrance:
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in values.items()}
    return Hindrance(why, facts.a.name, facts.b.name, shown)
