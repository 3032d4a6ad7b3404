"""The pair machine: one pure step from what is known to what is decided.

``decide`` fires at most one row of ``domain.transitions`` and then takes the next safe step of
the orders (``domain.orders``). Callers record the result and call again with fresh reports until
nothing changes. The same function answers what *would* happen: give it a changed pair and read
the result.

Rules it keeps, whatever it is fed:

* no row, no change of state; every change names its rule and the values the rule looked at;
* no automatic change while High Availability is off, or while neither node answers (blind);
* an epoch rises with each changed order and never falls;
* a request it does not know raises and changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from prg_admin.domain import orders, timing
from prg_admin.domain.facts import (
    CONDITIONS,
    HOLD_AFTER,
    Action,
    Facts,
    NodeView,
    Pair,
    Request,
    Values,
    is_healthy,
    never_stops,
    peer_silence,
)
from prg_admin.domain.states import (
    FAILED_OVER_STATES,
    TRANSITIONAL,
    NodeState,
    Role,
    homes_served,
)
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.transitions import NEED_NO_ANSWER, ROWS, SET_BY_PEOPLE, Row, Step, When

__all__ = [
    "Action",
    "Decision",
    "Limitation",
    "NodeView",
    "Pair",
    "Request",
    "decide",
    "limitation",
    "refusal",
]

ORDER_RULE = "next-order"
"""Rule of a change that moves no state, only the orders towards their targets."""

EPOCH_RULE = "epoch-raised"
"""Rule of a change that lifts the epoch above what a node has seen (an older database is back)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The pair as it is to be, and why. ``rule`` is None when nothing changes."""

    pair: Pair
    rule: str | None = None
    values: Values | None = None
    hit: int | None = None
    """The place, 0 or 1, of the node the fired row calls A; None when no row fired."""

    @property
    def changed(self) -> bool:
        return self.rule is not None


def decide(
    pair: Pair,
    *,
    settings: RecoverySettings,
    now: datetime,
    request: Request | None = None,
    blind: bool = False,
) -> Decision:
    """One step. Ask ``limitation`` first: here a request finds its row or changes nothing.

    ``blind``: the engine hears no node of any group, so it only observes.
    """
    if len(pair.nodes) < 2:  # noqa: PLR2004
        return Decision(pair)
    if request is not None:
        check_request(request)
        if request.powered_off or request.action in BY_WORD:
            return _said(pair, request, settings, now, blind=blind)
    fired = _fire(pair, settings, now, request, blind=blind)
    if fired is None and (blind or _nobody_answers(pair)):
        return Decision(pair)
    moved = _applied(pair, fired[0], fired[1], now) if fired else _above_seen_epochs(pair)
    ordered = orders.with_orders(moved, _both_ways(moved, settings, now, None))
    if fired is not None:
        row, hit, values = fired
        return Decision(_with_first_boots(ordered), row.rule, values, hit)
    if ordered != pair:
        rule = ORDER_RULE if moved == pair else EPOCH_RULE
        return Decision(_with_first_boots(ordered), rule, _serving_values(pair))
    return Decision(pair)


BY_WORD = frozenset({Action.ACKNOWLEDGE, Action.POWERED_OFF})
"""Requests that move nothing by themselves: what a person says is kept."""

ABOUT_A_NODE = {
    Action.FAILOVER: True,
    Action.FALLBACK: True,
    Action.RECOVER: False,
    Action.ACKNOWLEDGE: False,
    Action.POWERED_OFF: True,
}
"""The requests ``decide`` knows, and whether each is about one node or about the group."""


def check_request(request: Request) -> None:
    """Raises ValueError for a request that has no meaning to ``decide``."""
    about_a_node = ABOUT_A_NODE.get(request.action)
    if about_a_node is None:
        raise ValueError(f"{request.action.value} is not decided here")
    if (request.index in (0, 1)) is not about_a_node:
        raise ValueError(f"{request.action.value} cannot be about node {request.index}")
    if request.powered_off and request.action is not Action.RECOVER:
        raise ValueError(f"{request.action.value} takes no statement about a node")
    if not set(request.powered_off) <= {0, 1}:
        raise ValueError(f"there are no nodes {request.powered_off}")


def _said(
    pair: Pair, request: Request, settings: RecoverySettings, now: datetime, *, blind: bool
) -> Decision:
    """A person says something that the engine cannot know."""
    if request.powered_off:
        return _with_statement(pair, request, settings, now, blind=blind)
    if request.index is None:
        return Decision(replace(pair, automatic_failovers=()), ACKNOWLEDGE_RULE, {})
    values = {"powered_off": [pair.nodes[request.index].name]}
    return Decision(_stated(pair, (request.index,), now), STATED_RULE, values)


def _stated(pair: Pair, indices: Collection[int], now: datetime) -> Pair:
    nodes = enumerate(pair.nodes)
    return replace(
        pair,
        nodes=tuple(replace(n, stated_off_at=now) if i in indices else n for i, n in nodes),
    )


def _with_statement(
    pair: Pair, request: Request, settings: RecoverySettings, now: datetime, *, blind: bool
) -> Decision:
    """What was stated counts from this very decision on, and is kept with it."""
    stated = _stated(pair, request.powered_off, now)
    asked = replace(request, powered_off=())
    decision = decide(stated, settings=settings, now=now, request=asked, blind=blind)
    if decision.values is None:
        return Decision(pair)
    names = [pair.nodes[i].name for i in request.powered_off]
    return replace(decision, values={**decision.values, "powered_off": names})


def _both_ways(
    pair: Pair, settings: RecoverySettings, now: datetime, request: Request | None
) -> tuple[Facts, Facts]:
    a, b = pair.nodes
    return (
        Facts(a, b, 0, pair, settings, now, request),
        Facts(b, a, 1, pair, settings, now, request),
    )


def _fire(
    pair: Pair,
    settings: RecoverySettings,
    now: datetime,
    request: Request | None,
    *,
    blind: bool,
) -> tuple[Row, int, Values] | None:
    unanswered = _nobody_answers(pair)
    ways = _both_ways(pair, settings, now, request)
    for row, index_a in _candidates(pair.nodes[0].state, pair.nodes[1].state):
        if blind and row.when not in SET_BY_PEOPLE:
            continue
        if unanswered and row.when not in NEED_NO_ANSWER:
            continue
        values = _holds(row, ways[index_a])
        if values is not None:
            return row, index_a, values
    return None


@functools.cache
def _candidates(first: NodeState, second: NodeState) -> tuple[tuple[Row, int], ...]:
    """The rows for two states in the table's order, each with the place of its A."""
    ways = ((first, second, 0), (second, first, 1))
    return tuple((row, i) for row in ROWS for a, b, i in ways if a in row.a and b in row.b)


def _holds(row: Row, facts: Facts) -> Values | None:
    if row.target_a is not None and facts.a.target is not row.target_a:
        return None
    if row.reasons_a is not None and facts.a.reason not in row.reasons_a:
        return None
    return CONDITIONS[row.when](facts)


def _applied(pair: Pair, row: Row, index_a: int, now: datetime) -> Pair:
    nodes = list(pair.nodes)
    for index, step in ((index_a, row.to_a), (1 - index_a, row.to_b)):
        told = row.when is When.RESTARTED_A and index == index_a
        nodes[index] = _stepped(nodes[index], step, now, restart_told=told)
    failovers = pair.automatic_failovers
    if row.counts:
        failovers = (*failovers, now)[-HOLD_AFTER:]
    return replace(pair, nodes=tuple(nodes), automatic_failovers=failovers)


def _stepped(node: NodeView, step: Step, now: datetime, *, restart_told: bool) -> NodeView:
    target = node.target if step.target is None else step.target
    state = node.state if step.state is None else step.state
    moved = state is not node.state or target is not node.target
    return replace(
        node if not (restart_told or state is not node.state) else _with_boot(node),
        state=state,
        reason=node.reason if step.reason is None else step.reason,
        target=target,
        since=now if moved else node.since,
    )


def _nobody_answers(pair: Pair) -> bool:
    return not any(node.reachable for node in pair.nodes)


def _with_boot(node: NodeView) -> NodeView:
    """With the boot the change was decided under, so that a restart after it is told."""
    return replace(node, boot_id=node.report.boot_id) if node.report else node


def _with_first_boots(pair: Pair) -> Pair:
    if all(node.boot_id for node in pair.nodes):
        return pair
    nodes = tuple(node if node.boot_id else _with_boot(node) for node in pair.nodes)
    return replace(pair, nodes=nodes)


def _above_seen_epochs(pair: Pair) -> Pair:
    """Agents refuse epochs below the highest they saw; an older database must climb above it."""
    seen = max((n.report.highest_epoch for n in pair.nodes if n.report), default=0)
    if seen <= pair.epoch:
        return pair
    nodes = tuple(replace(n, ordered_epoch=seen + 1 + i) for i, n in enumerate(pair.nodes))
    return replace(pair, epoch=seen + len(nodes), nodes=nodes)


def _serving_values(pair: Pair) -> Values:
    return {"serving": {n.name: list(n.report.serving) if n.report else None for n in pair.nodes}}


def check_invariants(pair: Pair) -> None:
    """Raises AssertionError when the orders in force could have a user served twice.

    Homes ordered to both nodes at once are the one thing no order may ever bring about; the agents'
    fence covers the time in which an order is on its way.
    """
    if len(pair.nodes) < 2:  # noqa: PLR2004
        return
    a, b = pair.nodes
    both = homes_served(a.ordered, node=a.name, peer=b.name) & homes_served(
        b.ordered, node=b.name, peer=a.name
    )
    assert not both, f"{sorted(both)} ordered to both nodes of {pair.group}"  # noqa: S101
    assert all(n.ordered_epoch <= pair.epoch for n in pair.nodes), "order above the epoch"  # noqa: S101


STATED_RULE = "stated-off"
"""Rule of a change by which a person answers for a node that cannot be asked."""

ACKNOWLEDGE_RULE = "acknowledged"
"""Rule of a change by which a person lifts the hold on the automatic fallback."""


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


def _not_for_node(
    action: Action, node: NodeView, peer: NodeView, settings: RecoverySettings
) -> Limitation | None:
    if action is Action.FAILOVER:
        return _no_failover(node, peer, settings)
    if action is Action.POWERED_OFF:
        return _no_statement(node, peer, settings)
    return _no_fallback(node, peer)


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


def _no_recovery(
    pair: Pair, powered_off: Collection[int], settings: RecoverySettings
) -> Limitation | None:
    """A recovery waits until both nodes have stopped: of one that never does, somebody answers."""
    if _nobody_answers(pair):
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
