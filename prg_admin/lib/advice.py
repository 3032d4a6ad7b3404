"""Cause and recommended action for a pair that is not Normal (domain facts 2).

Each row is written for the node that was hit and its peer; the first that fits either way round
speaks. A healthy pair needs no advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from prg_admin.domain.states import NodeState, Reason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

S, R = NodeState, Reason


@dataclass(frozen=True, slots=True)
class Standing:
    name: str
    state: NodeState
    reason: Reason


@dataclass(frozen=True, slots=True)
class Advice:
    cause: str
    action: str


@dataclass(frozen=True, slots=True)
class Row:
    node: frozenset[NodeState]
    peer: frozenset[NodeState]
    reasons: frozenset[Reason]
    """Of the node; empty: any."""
    cause: _StrPromise
    action: _StrPromise


def _row(
    node: set[NodeState],
    peer: set[NodeState],
    cause: _StrPromise,
    action: _StrPromise,
    *reasons: Reason,
) -> Row:
    return Row(frozenset(node), frozenset(peer), frozenset(reasons), cause, action)


WAIT = _("Wait until the change has ended.")
FALL_BACK = _("Fall back when %(node)s is ready to serve its users again.")
RECOVER = _("Press Recover. If that fails, restart both nodes.")

ROWS = (
    _row({S.INITIALIZING}, {S.INITIALIZING}, _("Both nodes are starting."), WAIT),
    _row(
        {S.FAILING_OVER}, {S.TAKING_OVER},
        _("An administrator asked for it: the users of %(node)s are moving to %(peer)s."), WAIT,
        R.ADMIN_REQUEST,
    ),
    _row(
        {S.FAILING_OVER}, {S.TAKING_OVER},
        _("A critical service failed on %(node)s: its users are moving to %(peer)s."), WAIT,
        R.CRITICAL_SERVICE_DOWN,
    ),
    _row(
        {S.FAILING_OVER}, {S.TAKING_OVER},
        _("The database failed on %(node)s: its users are moving to %(peer)s."), WAIT,
        R.DATABASE_FAILURE,
    ),
    _row(
        {S.FAILING_OVER}, {S.TAKING_OVER},
        _("The database failed on the backup %(node)s: its users are moving to %(peer)s, which "
          "could serve everyone."), WAIT,
        R.AUTO_RECOVER_DATABASE,
    ),
    _row(
        {S.FAILING_OVER}, {S.TAKING_OVER},
        _("A critical service failed on the backup %(node)s: its users are moving to %(peer)s, "
          "which could serve everyone."), WAIT,
        R.AUTO_RECOVER_SERVICE,
    ),
    _row(
        {S.FAILING_OVER}, {S.TAKING_OVER},
        _("The users of %(node)s are moving to %(peer)s."), WAIT,
    ),
    _row(
        {S.DOWN}, {S.TAKING_OVER},
        _("Neither the engine nor %(peer)s hears %(node)s: its users are moving to %(peer)s."),
        WAIT,
    ),
    _row(
        {S.TAKING_BACK}, {S.FALLING_BACK},
        _("The users of %(node)s are coming home from %(peer)s."), WAIT,
    ),
    _row(
        {S.IDLE}, {S.BACKUP},
        _("An administrator failed %(node)s over; its critical services are stopped."), FALL_BACK,
    ),
    _row(
        {S.FAILED_OVER}, {S.BACKUP},
        _("The critical services of %(node)s run again; %(peer)s still serves its users."),
        _("Fall back to return to Normal."),
    ),
    _row(
        {S.FAILED_OVER_SERVICES_DOWN}, {S.BACKUP},
        _("The database failed on %(node)s; %(peer)s serves its users."),
        _("Restart %(node)s. When its services and its database run, fall back."),
        R.DATABASE_FAILURE, R.AUTO_RECOVER_DATABASE,
    ),
    _row(
        {S.FAILED_OVER_SERVICES_DOWN}, {S.BACKUP},
        _("A critical service is not running on %(node)s; %(peer)s serves its users."),
        _("Start the stopped services of %(node)s. If they refuse, restart the node. Then fall "
          "back."),
    ),
    _row(
        {S.DOWN}, {S.BACKUP},
        _("%(node)s was shut down or restarted; %(peer)s serves its users."),
        _("Switch %(node)s on, or repair it. When its services run, fall back."),
        R.PEER_REBOOT,
    ),
    _row(
        {S.DOWN}, {S.BACKUP},
        _("Neither the engine nor %(peer)s hears %(node)s: network, power, or its agent has "
          "stopped. %(peer)s serves its users."),
        _("If %(node)s is up, repair the network or start its agent; otherwise repair the node "
          "and switch it on. When its services run, fall back."),
    ),
    _row(
        {S.FAILED}, {S.FAILED},
        _("Critical services did not start while a node was taking its users back."),
        _("Look for stopped services on both nodes and press Recover. If that fails, restart the "
          "node. Then fall back."),
        R.START_FAILED,
    ),
    _row(
        {S.FAILED}, {S.FAILED},
        _("A critical service failed and the other node could not take over."),
        _("Look for stopped services on both nodes and press Recover. If that fails, restart the "
          "node."),
        R.CRITICAL_SERVICE_DOWN,
    ),
    _row(
        {S.FAILED}, {S.FAILED},
        _("Moving the users to the backup failed."), RECOVER, R.TAKE_OVER_FAILED,
    ),
    _row(
        {S.FAILED}, {S.FAILED},
        _("Moving the users back failed."), RECOVER, R.TAKE_BACK_FAILED,
    ),
    _row({S.FAILED}, {S.FAILED}, _("Something went wrong during a change."), RECOVER),
)  # fmt: skip


def advice(one: Standing, other: Standing) -> Advice | None:
    """What happened and what to do; None for a healthy pair and for what needs no words."""
    for row in ROWS:
        for node, peer in ((one, other), (other, one)):
            fits = node.state in row.node and peer.state in row.peer
            if fits and (not row.reasons or node.reason in row.reasons):
                names = {"node": node.name, "peer": peer.name}
                return Advice(str(row.cause % names), str(row.action % names))
    return None
