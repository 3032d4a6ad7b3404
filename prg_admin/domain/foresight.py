"""What would happen: the same ``decide`` on a pair that obeys at once.

The reports are those of now; each order is answered as a node that does what it is told answers,
and waiting is skipped to the next moment at which time alone changes the answer. So the outlook is
what the engine itself would do if nothing else changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.pair import EPOCH_RULE, ORDER_RULE, Decision, decide
from prg_admin.domain.requests import Request
from prg_admin.domain.states import Role, ServiceState, homes_served
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wake import wake_in
from prg_admin.domain.wire import Report

MOST_STEPS = 40
HAIR = 0.001
"""Seconds past a limit, so that it has surely run out."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One change to come."""

    after_s: float
    """Seconds from now, waiting only for delays and limits."""
    decision: Decision


def foresee(
    pair: Pair, *, settings: RecoverySettings, now: datetime, request: Request | None = None
) -> list[Foreseen]:
    """The changes to come, until the pair rests. Empty: nothing would change."""
    coming: list[Foreseen] = []
    clock = now
    for _ in range(MOST_STEPS):
        decision = decide(pair, settings=settings, now=clock, request=request)
        request = None
        if decision.changed:
            coming.append(Foreseen((clock - now).total_seconds(), decision))
            pair = obeyed(decision.pair)
            continue
        wait = wake_in(pair, settings=settings, now=clock, reprobe=False)
        if wait is None:
            break
        clock += timedelta(seconds=wait + HAIR)
        pair = replace(pair, nodes=tuple(aged(node, wait + HAIR) for node in pair.nodes))
    return coming


def moves(coming: Sequence[Foreseen]) -> tuple[Foreseen, ...]:
    """Those that move a state; the steps of the orders in between are left out."""
    return tuple(f for f in coming if f.decision.rule not in (ORDER_RULE, EPOCH_RULE))


def obeyed(pair: Pair) -> Pair:
    """The pair after each node that answers has done what it was ordered."""
    a, b = pair.nodes
    return replace(pair, nodes=(_obedient(a, b), _obedient(b, a)))


def _obedient(node: NodeView, peer: NodeView) -> NodeView:
    report = node.report
    if report is None:
        return node
    was_idle, idle = report.role is Role.IDLE, node.ordered is Role.IDLE
    services = report.services
    if idle or was_idle:
        state = ServiceState.STOPPED if idle else ServiceState.STARTED
        services = tuple(
            replace(s, state=state, down_s=0.0 if idle else None, wanted=not idle)
            if s.activated
            else s
            for s in report.services
        )
    answer = replace(
        report,
        goal_epoch=node.ordered_epoch,
        highest_epoch=max(report.highest_epoch, node.ordered_epoch),
        role=node.ordered,
        serving=tuple(sorted(homes_served(node.ordered, node=node.name, peer=peer.name))),
        services=services,
    )
    return replace(node, last_report=answer)


def aged(node: NodeView, seconds: float) -> NodeView:
    """The node's last report with what is down being down for longer."""
    report = node.report
    if report is None:
        return node
    services = tuple(
        s if s.down_s is None else replace(s, down_s=s.down_s + seconds) for s in report.services
    )
    return replace(node, last_report=replace(_aged_peer(report, seconds), services=services))


def _aged_peer(report: Report, seconds: float) -> Report:
    """A peer that did not answer goes on being silent; a database that is down stays down."""
    peer, database = report.peer, report.database
    if peer is not None and peer.error:
        peer = replace(peer, silence_s=peer.silence_s + seconds)
    if database is not None and database.down_s is not None:
        database = replace(database, down_s=database.down_s + seconds)
    return replace(report, peer=peer, database=database)
