"""A node that answers: does all run on it, and has it done what it was told?

Durations are seconds. A report that is not the answer to the latest probe counts for nothing here.
"""

from __future__ import annotations

from datetime import datetime

from prg_admin.domain import timing
from prg_admin.domain.facts import NodeView
from prg_admin.domain.states import NodeState, Reason, Role, ServiceState, homes_served
from prg_admin.domain.timing import RecoverySettings


def services_down(node: NodeView, settings: RecoverySettings) -> dict[str, float]:
    """Critical services that do not run, by name, with the seconds since they last ran."""
    if node.report is None:
        return {}
    return {
        service.name: service.down_s or 0.0
        for service in node.report.services
        if service.state is not ServiceState.STARTED and service.name in settings.critical_services
    }


def services_overdue(node: NodeView, settings: RecoverySettings, now: datetime) -> dict[str, float]:
    """As ``services_down``, by the time that counts against the delay.

    A recovery starts what may have been stopped for hours: the delay begins with the start. What is
    still being started, or waits for its turn, is not down before the transition deadline; what
    has failed to start is.
    """
    down = services_down(node, settings)
    starts = node.state is NodeState.INITIALIZING and node.reason is Reason.ADMIN_REQUEST
    if not starts or node.since is None or node.report is None:
        return down
    since = max(0.0, (now - node.since).total_seconds())
    starting = {s.name for s in node.report.services if s.is_starting}
    # Down for the delay at the deadline, and not before.
    grace = max(0.0, timing.transition_limit(settings) - timing.service_delay(settings))
    return {
        name: min(seconds, max(0.0, since - grace) if name in starting else since)
        for name, seconds in down.items()
    }


def database_down(node: NodeView) -> float | None:
    """Seconds since the node's own database last answered, None while it does (or has none)."""
    if node.report is None or node.report.database is None:
        return None
    return node.report.database.down_s


def is_healthy(node: NodeView, settings: RecoverySettings) -> bool:
    """It answers, its database answers, and all its critical services run."""
    answers = node.report is not None and database_down(node) is None
    return answers and not services_down(node, settings)


def confirms_order(node: NodeView) -> bool:
    """Its latest answer was given under the order that is in force."""
    return node.report is not None and node.report.goal_epoch == node.ordered_epoch


def at_target(node: NodeView, peer: NodeView) -> bool:
    """Its report, given under its order, says that the target role is reached."""
    report = node.report
    if report is None or not confirms_order(node) or node.ordered is not node.target:
        return False
    wanted = homes_served(node.target, node=node.name, peer=peer.name)
    stopped = node.target is not Role.IDLE or report.services_stopped
    return report.role is node.target and frozenset(report.serving) == wanted and stopped
