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

from prg_admin.domain import orders
from prg_admin.domain.conditions import CONDITIONS
from prg_admin.domain.facts import HOLD_AFTER, Facts, NodeView, Pair, Values
from prg_admin.domain.requests import BY_WORD, Request, check_request
from prg_admin.domain.states import NodeState, homes_served
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.transitions import NEED_NO_ANSWER, ROWS, SET_BY_PEOPLE, Row, Step, When

ORDER_RULE = "next-order"
"""Rule of a change that moves no state, only the orders towards their targets."""

EPOCH_RULE = "epoch-raised"
"""Rule of a change that lifts the epoch above what a node has seen (an older database is back)."""

STATED_RULE = "stated-off"
"""Rule of a change by which a person answers for a node that cannot be asked."""

ACKNOWLEDGE_RULE = "acknowledged"
"""Rule of a change by which a person lifts the hold on the automatic fallback."""


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
    """One step. Ask ``limitations`` first: here a request finds its row or changes nothing.

    ``blind``: the engine hears no node of any group, so it only observes.
    """
    if len(pair.nodes) < 2:  # noqa: PLR2004
        return Decision(pair)
    if request is not None:
        check_request(request)
        if request.powered_off or request.action in BY_WORD:
            return _said(pair, request, settings, now, blind=blind)
    fired = _fire(pair, settings, now, request, blind=blind)
    if fired is None and (blind or pair.nobody_answers):
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
    unanswered = pair.nobody_answers
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
