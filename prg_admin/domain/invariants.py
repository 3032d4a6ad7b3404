"""Judges decisions by the invariants, apart from the code that makes them.

It knows the table and the words of the domain, but none of the functions that decide: what they
hold to be safe is judged here by rules of its own. The running engine's events are judged by it,
and every random life of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.pair import Decision
from prg_admin.domain.replay import Case
from prg_admin.domain.states import Role, ServiceState, homes_served
from prg_admin.domain.transitions import ROWS, Row, Step
from prg_admin.domain.under_way import UnderWay
from prg_admin.domain.wire import Report

ROW_OF = {row.rule: row for row in ROWS}
ORDERS = {"next-order", "epoch-raised"}
BY_HAND = {"acknowledged", "stated-off"}
HELD_AFTER, HELD_FOR = 2, timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision with all that it was made from."""

    case: Case
    decision: Decision
    version: int = 0
    """Of the group, after the decision."""


def goes_on(last: Decided, record: Decided) -> bool:
    """Decided from what the last change left behind: two engines never work side by side."""
    left, found = last.decision.pair, record.case.pair
    same = standings(left) == standings(found) and left.epoch == found.epoch
    return same and record.version == last.version + 1


def judged(record: Decided) -> Iterator[str]:
    """What one decision alone shows to be wrong."""
    checks = {
        "I03": _epoch_only_rises,
        "I04": _peer_has_let_go,
        "I05": _by_a_row,
        "I07": _allowed_to_act,
        "I09": _nobody_moved_between_the_unfit,
        "I13": _changed_if_it_says_so,
    }
    return (name for name, holds in checks.items() if not holds(record))


def _epoch_only_rises(record: Decided) -> bool:
    before, after = record.case.pair, record.decision.pair
    nodes = list(zip(before.nodes, after.nodes, strict=True))
    new = [a.ordered_epoch for b, a in nodes if a.ordered is not b.ordered]
    return (
        after.epoch >= before.epoch
        and all(a.ordered_epoch >= b.ordered_epoch for b, a in nodes)
        and all(epoch > before.epoch for epoch in new)
        and all(a.ordered_epoch <= after.epoch for _, a in nodes)
    )


def _homes(role: Role, node: NodeView, peer: NodeView) -> frozenset[str]:
    return homes_served(role, node=node.name, peer=peer.name)


def _peer_has_let_go(record: Decided) -> bool:
    """Each home that a node is newly told to serve is surely served by nobody else."""
    before, after, now = record.case.pair, record.decision.pair, record.case.now
    for i, (node, told) in enumerate(zip(before.nodes, after.nodes, strict=True)):
        peer = before.nodes[1 - i]
        gained = _homes(told.ordered, node, peer) - _homes(node.ordered, node, peer)
        if gained & _possibly_served(peer, node, now):
            return False
    return True


def _possibly_served(node: NodeView, witness: NodeView, now: datetime) -> frozenset[str]:
    everything = frozenset({node.name, witness.name})
    last = node.last_report
    if node.reachable and last is not None:
        if last.goal_epoch != node.ordered_epoch:
            return everything
        return frozenset(last.serving) | _homes(node.ordered, node, witness)
    stated, heard = node.stated_off_at, node.heard_at
    if node.goodbye or (stated is not None and (heard is None or heard <= stated)):
        return frozenset()
    if last is None or node.heard_at is None:
        return everything
    limits = _limits_it_may_keep(node, last)
    heard_by = witness.last_report.peer if witness.reachable and witness.last_report else None
    if 0 in limits or heard_by is None:
        return everything
    silence = min((now - node.heard_at).total_seconds(), heard_by.silence_s)
    return frozenset() if silence > max(limits, default=0) else everything


def _limits_it_may_keep(node: NodeView, last: Report) -> list[float]:
    """Isolation limits of the order it follows, and of one that it may take up yet; 0: none."""
    orders = [(last.role, last.isolation_limit_s)]
    late = node.under_way
    if late is not None and not _is_overtaken(late, last):
        orders.append((late.role, late.isolation_limit_s))
    return [limit for role, limit in orders if role in (Role.OWN, Role.BOTH)]


def _is_overtaken(late: UnderWay, last: Report) -> bool:
    """Its agent refuses them all, or all but those of the goal that it follows."""
    if late.boot_id != last.boot_id:
        return False
    repeats = last.goal_digest == late.goal_digest and last.order_seq >= late.others_seq
    return repeats or last.order_seq >= late.seq


def _by_a_row(record: Decided) -> bool:
    before, decision = record.case.pair, record.decision
    row = ROW_OF.get(decision.rule or "")
    if row is None:
        known = decision.rule is None or decision.rule in ORDERS | BY_HAND
        return known and standings(before) == standings(decision.pair)
    if decision.hit is None:
        return False
    a, b = decision.hit, 1 - decision.hit
    applies = before.nodes[a].state in row.a and before.nodes[b].state in row.b
    expected = {a: _led(before.nodes[a], row.to_a), b: _led(before.nodes[b], row.to_b)}
    return applies and _asked(row, before.nodes[a]) and standings(decision.pair) == expected


def _asked(row: Row, a: NodeView) -> bool:
    target = row.target_a is None or a.target is row.target_a
    return target and (row.reasons_a is None or a.reason in row.reasons_a)


def _led(node: NodeView, step: Step) -> tuple[Any, ...]:
    return (step.state or node.state, step.reason or node.reason, step.target or node.target)


def standings(pair: Pair) -> dict[int, tuple[Any, ...]]:
    return {i: (node.state, node.reason, node.target) for i, node in enumerate(pair.nodes)}


def _allowed_to_act(record: Decided) -> bool:
    """Nothing by itself while High Availability is off, while blind, or while held."""
    case, rule = record.case, record.decision.rule
    if rule is None or case.request is not None:
        return True
    if case.blind or not any(node.reachable for node in case.pair.nodes):
        return rule in ({"ha-on", "ha-off"} if case.blind else {"ha-on", "ha-off", "both-silent"})
    if not case.pair.ha_enabled:
        return rule in {"ha-off"} | ORDERS
    held = [at for at in case.pair.automatic_failovers if case.now - at < HELD_FOR]
    may_fall_back = case.settings.automatic_fallback and len(held) < HELD_AFTER
    return may_fall_back or rule != "fallback-due"


def _is_unfit(node: NodeView, record: Decided) -> bool:
    report = node.last_report if node.reachable else None
    if report is None or (report.database is not None and not report.database.answers):
        return True
    critical = record.case.settings.critical_services
    return any(s.state is not ServiceState.STARTED and s.name in critical for s in report.services)


def _nobody_moved_between_the_unfit(record: Decided) -> bool:
    case, decision = record.case, record.decision
    if case.request is not None or not all(_is_unfit(n, record) for n in case.pair.nodes):
        return True
    if decision.rule in {"ha-on", "ha-off", "recover-stopped"}:
        return True  # asked for by a person, who may do so at any time
    return [n.target for n in case.pair.nodes] == [n.target for n in decision.pair.nodes]


def _changed_if_it_says_so(record: Decided) -> bool:
    decision = record.decision
    explained = decision.values is not None
    differs = decision.pair != record.case.pair
    return explained and differs if decision.changed else not differs
