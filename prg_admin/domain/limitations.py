"""Why what people ask for is not possible now: the reason as a value, None when it is possible.

Asked before every request by all who offer one, pages, commands and services alike; ``decide``
itself only finds the row of a request, or changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from prg_admin.domain import timing
from prg_admin.domain.facts import HOLD_AFTER, NodeView, Pair
from prg_admin.domain.health import is_healthy
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.silence import never_stops, peer_silence
from prg_admin.domain.states import FAILED_OVER_STATES, TRANSITIONAL, NodeState, Role
from prg_admin.domain.timing import RecoverySettings


class Limitation(StrEnum):
    """Why an action is not possible now."""

    HA_OFF = "ha-off"
    HA_ON = "ha-on"
    ONE_NODE = "one-node"
    IN_TRANSITION = "in-transition"
    FAILED_OVER = "failed-over"
    NODE_NOT_NORMAL = "node-not-normal"
    PEER_NOT_NORMAL = "peer-not-normal"
    NOT_FAILED_OVER = "not-failed-over"
    SERVICES_DOWN = "services-down"
    NODE_UNREACHABLE = "node-unreachable"
    PEER_UNREACHABLE = "peer-unreachable"
    PEER_UNHEALTHY = "peer-unhealthy"
    NOT_BOTH_FAILED = "not-both-failed"
    NOT_HELD = "not-held"
    MAY_STILL_SERVE = "may-still-serve"
    NOT_IN_DOUBT = "not-in-doubt"
    STILL_HEARD = "still-heard"
    SERVES_UNASKED = "serves-unasked"


def limitation(  # noqa: PLR0911 - one line an action reads better than a table of functions
    pair: Pair,
    action: Action,
    index: int | None = None,
    *,
    settings: RecoverySettings | None = None,
    powered_off: Collection[int] = (),
) -> Limitation | None:
    """The reason against an action, or None. ``index`` is the node's place, 0 or 1.

    ``settings`` say which services are critical; the suggested ones without. ``powered_off`` are
    the nodes of which it is stated.
    """
    settings = settings or RecoverySettings()
    if action in (Action.CHANGE_MEMBERS, Action.DELETE):
        return Limitation.HA_ON if pair.ha_enabled else _not_settled(pair)
    if len(pair.nodes) < 2:  # noqa: PLR2004
        return Limitation.ONE_NODE
    if action is Action.ENABLE_HA:
        return Limitation.HA_ON if pair.ha_enabled else None
    if not pair.ha_enabled:
        return Limitation.HA_OFF
    if action is Action.DISABLE_HA:
        return _not_settled(pair)
    if action is Action.RECOVER:
        if any(node.state is not NodeState.FAILED for node in pair.nodes):
            return Limitation.NOT_BOTH_FAILED
        return _no_recovery(pair, powered_off, settings)
    if action is Action.ACKNOWLEDGE:
        return None if len(pair.automatic_failovers) >= HOLD_AFTER else Limitation.NOT_HELD
    assert index is not None, f"{action} is about one node"  # noqa: S101
    return _not_for_node(action, pair.nodes[index], pair.nodes[1 - index], settings)


def refusal(
    pair: Pair, request: Request, *, settings: RecoverySettings | None = None
) -> Limitation | None:
    """The limitation of what was asked."""
    return limitation(
        pair,
        request.action,
        request.index,
        settings=settings,
        powered_off=request.powered_off,
    )


def _not_for_node(
    action: Action, node: NodeView, peer: NodeView, settings: RecoverySettings
) -> Limitation | None:
    if action is Action.FAILOVER:
        return _no_failover(node, peer, settings)
    if action is Action.POWERED_OFF:
        return _no_statement(node, peer, settings)
    return _no_fallback(node, peer)


def _no_recovery(
    pair: Pair, powered_off: Collection[int], settings: RecoverySettings
) -> Limitation | None:
    """A recovery waits until both nodes have stopped: of one that never does, somebody answers."""
    if pair.nobody_answers:
        return Limitation.NODE_UNREACHABLE
    for index in powered_off:
        refused = _no_statement(pair.nodes[index], pair.nodes[1 - index], settings)
        if refused is not None:
            return refused
    doubtful = {index for index, node in enumerate(pair.nodes) if never_stops(node)}
    return Limitation.MAY_STILL_SERVE if doubtful - set(powered_off) else None


def _no_statement(node: NodeView, peer: NodeView, settings: RecoverySettings) -> Limitation | None:
    """Nobody answers for a node that is heard, that stops by itself, or that starts serving."""
    if not never_stops(node):
        return Limitation.NOT_IN_DOUBT
    if peer.report is None:
        return Limitation.PEER_UNREACHABLE
    silence = peer_silence(node, peer)
    if silence is None or silence < timing.silence_limit(settings):
        return Limitation.STILL_HEARD
    feared = node.feared
    return Limitation.SERVES_UNASKED if feared and feared.serves_unasked else None


def _not_settled(pair: Pair) -> Limitation | None:
    """Members and High Availability stay as they are while users are away from home."""
    states = {node.state for node in pair.nodes}
    if states & FAILED_OVER_STATES:
        return Limitation.FAILED_OVER
    if states & (TRANSITIONAL - {NodeState.INITIALIZING}):
        return Limitation.IN_TRANSITION
    away = any(node.ordered not in (Role.OWN, node.target) for node in pair.nodes)
    return Limitation.IN_TRANSITION if away else None


def _no_failover(node: NodeView, peer: NodeView, settings: RecoverySettings) -> Limitation | None:
    if {node.state, peer.state} & TRANSITIONAL:
        return Limitation.IN_TRANSITION
    if node.state is not NodeState.NORMAL:
        return Limitation.NODE_NOT_NORMAL
    if peer.state is not NodeState.NORMAL:
        return Limitation.PEER_NOT_NORMAL
    if not peer.reachable:
        return Limitation.PEER_UNREACHABLE
    if not is_healthy(peer, settings):
        return Limitation.PEER_UNHEALTHY
    return None if node.reachable else Limitation.NODE_UNREACHABLE


def _no_fallback(node: NodeView, peer: NodeView) -> Limitation | None:
    if {node.state, peer.state} & TRANSITIONAL:
        return Limitation.IN_TRANSITION
    if node.state is NodeState.FAILED_OVER_SERVICES_DOWN:
        return Limitation.SERVICES_DOWN
    if node.state is NodeState.DOWN or (node.state in FAILED_OVER_STATES and not node.reachable):
        return Limitation.NODE_UNREACHABLE
    if node.state not in FAILED_OVER_STATES or peer.state is not NodeState.BACKUP:
        return Limitation.NOT_FAILED_OVER
    return None if peer.reachable else Limitation.PEER_UNREACHABLE
