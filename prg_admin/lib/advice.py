"""Cause and recommended action for a pair as it stands (domain facts 2, rows 1 to 24).

Each row is written for the node that was hit and its peer; the first that fits either way round
speaks, so those that look at reasons stand before those that do not.
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
    node: NodeState
    peer: NodeState
    cause: _StrPromise
    action: _StrPromise
    reasons: frozenset[Reason]
    """Of the node; empty: any."""
    peer_reasons: frozenset[Reason]

    def fits(self, node: Standing, peer: Standing) -> bool:
        return (
            node.state is self.node
            and peer.state is self.peer
            and (not self.reasons or node.reason in self.reasons)
            and (not self.peer_reasons or peer.reason in self.peer_reasons)
        )


def _row(
    states: tuple[NodeState, NodeState],
    cause: _StrPromise,
    action: _StrPromise,
    *reasons: Reason,
    peer: tuple[Reason, ...] = (),
) -> Row:
    return Row(*states, cause, action, frozenset(reasons), frozenset(peer))


NOTHING = _("There is nothing to do.")
WAIT = _("Wait until the change has ended.")
FALL_BACK = _("Fall back when %(node)s is ready to serve its users again.")
FALL_BACK_NOW = _("Fall back to return to Normal.")
RECOVER = _("Press Recover. If that fails, restart both nodes.")
START_SERVICES = _(
    "Start the stopped services of %(node)s. If they refuse, restart the node. Then fall back."
)
RESTART_FOR_DATABASE = _("Restart %(node)s. When its services and its database run, fall back.")
MOVING = (S.FAILING_OVER, S.TAKING_OVER)
LOSING = (S.DOWN, S.TAKING_OVER)
RETURNING = (S.TAKING_BACK, S.FALLING_BACK)
IDLE = (S.IDLE, S.BACKUP)
READY = (S.FAILED_OVER, S.BACKUP)
BROKEN = (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
LOST = (S.DOWN, S.BACKUP)
FAILED = (S.FAILED, S.FAILED)

ROWS = (
    _row(
        (S.NORMAL, S.NORMAL), _("Both nodes run, and each serves its own users."), NOTHING,
    ),
    _row(
        (S.UNKNOWN, S.UNKNOWN),
        _("High Availability is not in effect on the nodes yet."),
        _("Wait a moment. If this stays, restart the agents of both nodes."),
    ),
    # Initializing
    _row(
        (S.INITIALIZING, S.INITIALIZING),
        _("An administrator asked for it: the critical services of both nodes are stopped and "
          "started again."), WAIT,
        R.ADMIN_REQUEST,
    ),
    _row((S.INITIALIZING, S.INITIALIZING), _("Both nodes are starting."), WAIT),
    # The users of the node are moving to its peer
    _row(
        MOVING,
        _("An administrator asked for it: the users of %(node)s are moving to %(peer)s. The agent "
          "of %(peer)s restarted meanwhile and goes on."), WAIT,
        R.ADMIN_REQUEST, peer=(R.INITIALIZATION,),
    ),
    _row(
        MOVING,
        _("An administrator asked for it: the users of %(node)s are moving to %(peer)s."), WAIT,
        R.ADMIN_REQUEST,
    ),
    _row(
        MOVING,
        _("A critical service failed on %(node)s: its users are moving to %(peer)s."), WAIT,
        R.CRITICAL_SERVICE_DOWN,
    ),
    _row(
        MOVING, _("The database failed on %(node)s: its users are moving to %(peer)s."), WAIT,
        R.DATABASE_FAILURE,
    ),
    _row(
        MOVING,
        _("The database failed on the backup %(node)s: its users are moving to %(peer)s, which "
          "could serve everyone."), WAIT,
        R.AUTO_RECOVER_DATABASE,
    ),
    _row(
        MOVING,
        _("A critical service failed on the backup %(node)s: its users are moving to %(peer)s, "
          "which could serve everyone."), WAIT,
        R.AUTO_RECOVER_SERVICE,
    ),
    _row(MOVING, _("The users of %(node)s are moving to %(peer)s."), WAIT),
    _row(
        LOSING,
        _("%(node)s was shut down or restarted: its users are moving to %(peer)s."), WAIT,
        R.PEER_REBOOT,
    ),
    _row(
        LOSING,
        _("%(node)s was not heard while the group was starting: its users are moving to "
          "%(peer)s."), WAIT,
        R.PEER_DOWN_INITIALIZING,
    ),
    _row(
        LOSING,
        _("Neither the engine nor %(peer)s hears %(node)s: its users are moving to %(peer)s."),
        WAIT,
    ),
    # The users of the node are coming home
    _row(
        RETURNING,
        _("%(node)s was healthy for the whole delay: its users are coming home from %(peer)s by "
          "themselves."), WAIT,
        R.AUTOMATIC_FALLBACK,
    ),
    _row(
        RETURNING,
        _("The users of %(node)s are coming home from %(peer)s. The agent of %(node)s restarted "
          "meanwhile and goes on."), WAIT,
        R.INITIALIZATION,
    ),
    _row(RETURNING, _("The users of %(node)s are coming home from %(peer)s."), WAIT),
    # Idle: an administrator failed the node over
    _row(
        IDLE,
        _("An administrator failed %(node)s over. Since then the agents of both nodes restarted "
          "and kept their roles; the critical services of %(node)s are stopped."), FALL_BACK,
        R.INITIALIZATION, peer=(R.INITIALIZATION,),
    ),
    _row(
        IDLE,
        _("An administrator failed %(node)s over. Its agent restarted since and kept its role; its "
          "critical services are stopped."), FALL_BACK,
        R.INITIALIZATION,
    ),
    _row(
        IDLE,
        _("An administrator failed %(node)s over; its critical services are stopped. The agent of "
          "%(peer)s restarted since and goes on serving the users of both nodes."), FALL_BACK,
        R.ADMIN_REQUEST, peer=(R.INITIALIZATION,),
    ),
    _row(
        IDLE,
        _("An administrator failed %(node)s over; its critical services are stopped."), FALL_BACK,
    ),
    # Failed over and ready
    _row(
        READY,
        _("The database failed on %(node)s while it was the backup; it is well again. %(peer)s "
          "serves the users of both nodes."), FALL_BACK_NOW,
        R.AUTO_RECOVER_DATABASE,
    ),
    _row(
        READY,
        _("A critical service failed on %(node)s while it was the backup; its services run again. "
          "%(peer)s serves the users of both nodes."), FALL_BACK_NOW,
        R.AUTO_RECOVER_SERVICE,
    ),
    _row(
        READY,
        _("The database of %(node)s had failed; it and the critical services run again. %(peer)s "
          "still serves its users."), FALL_BACK_NOW,
        R.DATABASE_FAILURE,
    ),
    _row(
        READY,
        _("%(node)s was not heard while the group was starting; it is back and its services run. "
          "%(peer)s still serves its users."), FALL_BACK_NOW,
        R.INITIALIZATION, peer=(R.PEER_DOWN_INITIALIZING,),
    ),
    _row(
        READY,
        _("%(node)s was gone; it is back and its services run. %(peer)s still serves its users."),
        FALL_BACK_NOW,
        R.INITIALIZATION, peer=(R.PEER_DOWN, R.PEER_REBOOT),
    ),
    _row(
        READY,
        _("The agent of %(node)s restarted and its critical services run again; %(peer)s still "
          "serves its users."), FALL_BACK_NOW,
        R.INITIALIZATION,
    ),
    _row(
        READY,
        _("The critical services of %(node)s run again; %(peer)s still serves its users."),
        FALL_BACK_NOW,
    ),
    # Failed over, and something of the node does not run
    _row(
        BROKEN,
        _("The database failed on %(node)s; %(peer)s serves its users."), RESTART_FOR_DATABASE,
        R.DATABASE_FAILURE,
    ),
    _row(
        BROKEN,
        _("The database failed on %(node)s while it was the backup; %(peer)s was ready and serves "
          "the users of both nodes."), RESTART_FOR_DATABASE,
        R.AUTO_RECOVER_DATABASE,
    ),
    _row(
        BROKEN,
        _("A critical service failed on %(node)s while it was the backup; %(peer)s was ready and "
          "serves the users of both nodes."), START_SERVICES,
        R.AUTO_RECOVER_SERVICE,
    ),
    _row(
        BROKEN,
        _("%(node)s was not heard while the group was starting; it is back, and a critical service "
          "does not run. %(peer)s serves its users."), START_SERVICES,
        R.INITIALIZATION, peer=(R.PEER_DOWN_INITIALIZING,),
    ),
    _row(
        BROKEN,
        _("%(node)s has come back or its agent restarted, and a critical service does not run. "
          "%(peer)s serves its users."), START_SERVICES,
        R.INITIALIZATION,
    ),
    _row(
        BROKEN,
        _("A critical service is not running on %(node)s; %(peer)s serves its users."),
        START_SERVICES,
    ),
    # Failed over and gone
    _row(
        LOST,
        _("%(node)s was shut down or restarted; %(peer)s serves its users."),
        _("Switch %(node)s on, or repair it. When its services run, fall back."),
        R.PEER_REBOOT,
    ),
    _row(
        LOST,
        _("%(node)s was not heard while the group was starting; %(peer)s serves its users."),
        _("Switch %(node)s on or start its agent. When its services run, fall back."),
        R.PEER_DOWN_INITIALIZING,
    ),
    _row(
        LOST,
        _("Neither the engine nor %(peer)s hears %(node)s: network, power, or its agent has "
          "stopped. %(peer)s serves its users."),
        _("If %(node)s is up, repair the network or start its agent; otherwise repair the node "
          "and switch it on. When its services run, fall back."),
    ),
    # Failed
    _row(
        FAILED,
        _("Critical services did not start while a node was taking its users back."),
        _("Look for stopped services on both nodes and press Recover. If that fails, restart the "
          "node. Then fall back."),
        R.START_FAILED,
    ),
    _row(
        FAILED,
        _("A critical service failed and the other node could not take over."),
        _("Look for stopped services on both nodes and press Recover. If that fails, restart the "
          "node."),
        R.CRITICAL_SERVICE_DOWN,
    ),
    _row(
        FAILED,
        _("Moving the users to the backup failed; the database may be at fault."), RECOVER,
        R.TAKE_OVER_FAILED,
    ),
    _row(
        FAILED, _("Moving the users back failed; the database may be at fault."), RECOVER,
        R.TAKE_BACK_FAILED,
    ),
    _row(
        FAILED,
        _("The engine, which hears other nodes, heard neither node of this group, or not the one "
          "that served the users of both; nobody was moved."),
        _("Repair the network or switch the nodes on. When both answer unchanged, the group goes "
          "on by itself; if it does not, press Recover."),
        R.PEER_DOWN,
    ),
    _row(
        FAILED,
        _("A node did not answer while the group was starting, and nobody could be sure that it "
          "serves nobody; nobody was moved."),
        _("Repair the network or switch the node on. When both nodes answer, the group goes on by "
          "itself; if it does not, press Recover."),
        R.PEER_DOWN_INITIALIZING,
    ),
    _row(
        FAILED,
        _("An agent restarted while the group had failed, or something went wrong inside."),
        RECOVER,
        R.UNKNOWN,
    ),
    _row(FAILED, _("Something went wrong during a change."), RECOVER),
)  # fmt: skip


def advice(one: Standing, other: Standing) -> Advice | None:
    """What happened and what to do; None for a pair of states that no rule leads to."""
    for row in ROWS:
        for node, peer in ((one, other), (other, one)):
            if row.fits(node, peer):
                names = {"node": node.name, "peer": peer.name}
                return Advice(str(row.cause % names), str(row.action % names))
    return None
