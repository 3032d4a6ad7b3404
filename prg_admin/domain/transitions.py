"""The transition table of a pair, as data. The one specification of who moves when, and where to.

Each row is written for **A**, the node that is hit, and **B**, its peer; the engine tries both ways
round. A row applies when both states match, the targets match where the row names them, and its
condition holds. The first row that applies fires; nothing else ever changes a state. Rows stand in
order of weight: an operator's request, then loss, then progress.

A row names *targets* only. How a node gets there without a user being served twice is not the
table's business: ``domain.orders`` lets a node serve more only after the other has let go.

Source: domain facts 2 (matrix) and 3.2 (transitions).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.states import NodeState, Reason, Role


class When(StrEnum):
    """Conditions of the rows; ``domain.conditions`` says when each holds, and by which values."""

    HA_ENABLED = "high availability is enabled"
    HA_DISABLED = "high availability is disabled"
    FAILOVER_ASKED = "an administrator asked for failover of A"
    FALLBACK_ASKED = "an administrator asked for fallback of A"
    RECOVER_ASKED = "an administrator asked for recovery of the group"
    SERVICES_DOWN_A = "a critical service of A is down for the delay, B is healthy"
    SERVICES_DOWN_B_A_READY = "a critical service of B is down for the delay, A is ready"
    DATABASE_DOWN_A = "A's own database is down for the delay, B is healthy"
    DATABASE_DOWN_B_A_READY = "B's own database is down for the delay, A is ready"
    UNFIT_B = "a critical service or the database of B is down for the delay"
    UNFIT_BOTH = "each node is unfit: a critical service or its database is down, or it is gone"
    SILENT_A = "both witnesses miss A for the silence limit, A has surely stopped, B is healthy"
    REFUSED_A = "A's host refuses both witnesses for a while, A stops in time, B is healthy"
    SILENT_INITIALIZING_A = (
        "both witnesses miss A for the initialization limit, A has surely stopped, B is healthy"
    )
    GOODBYE_A = "A said goodbye and does not answer, B is healthy"
    BOTH_SILENT = "the engine, which hears others, misses both nodes for the silence limit"
    RESTARTED_A = "A's agent has restarted since the last change"
    FALLBACK_DUE = "automatic fallback is on, not held, and A was healthy for its whole delay"
    SETTLED = "both nodes report their targets reached and services running"
    HANDED_OVER = "B reports that it serves both; A reports its target, or is fenced"
    RELEASED = "both nodes report that they serve nobody, or are fenced"
    READY_A = "A reports its target reached and all critical services running"
    RETURNED_A = "A answers again and serves nobody"
    ALL_UP_A = "all critical services of A run"
    SOME_DOWN_A = "a critical service of A does not run"
    DATABASE_LOST_A = "A's own database does not answer"
    GONE_A = "A said goodbye, or neither the engine nor B hears it for the silence limit"
    GONE_B = "B said goodbye, or neither the engine nor A hears it for the silence limit"
    OVERDUE = "the transition deadline has passed"
    INIT_OVERDUE = "the deadline of the initialization has passed"
    INIT_OVERDUE_A_SILENT = "the deadline of the initialization has passed, A does not answer"


NEED_NO_ANSWER = frozenset({When.HA_ENABLED, When.HA_DISABLED, When.BOTH_SILENT})
"""Conditions that can hold while neither node answers; all others need one that does."""

SET_BY_PEOPLE = frozenset({When.HA_ENABLED, When.HA_DISABLED})
"""Conditions an engine that hears no node at all still acts upon."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where one node goes; None keeps what it has."""

    state: NodeState | None
    reason: Reason | None = None
    target: Role | None = None


@dataclass(frozen=True, slots=True)
class Row:
    rule: str
    """Id, as events and the reports of the tests name it."""
    a: frozenset[NodeState]
    b: frozenset[NodeState]
    when: When
    to_a: Step
    to_b: Step
    target_a: Role | None = None
    """The row applies only while A has this target; None: any."""
    reasons_a: frozenset[Reason] | None = None
    """The row applies only while A has one of these reasons; None: any."""
    counts: bool = False
    """An automatic failover, of which two in 24 h hold the automatic fallback."""


S, R = NodeState, Reason
OWN, BOTH, STANDBY, IDLE = Role.OWN, Role.BOTH, Role.STANDBY, Role.IDLE


def _states(*states: NodeState) -> frozenset[NodeState]:
    return frozenset(states)


_UNKNOWN = _states(S.UNKNOWN)
_INIT = _states(S.INITIALIZING)
_NORMAL = _states(S.NORMAL)
_BACKUP = _states(S.BACKUP)
_FAILED = _states(S.FAILED)
_GIVING = _states(S.FAILING_OVER)
_TAKING = _states(S.TAKING_OVER)
_BACK_A = _states(S.TAKING_BACK)
_BACK_B = _states(S.FALLING_BACK)
_DOWN = _states(S.DOWN)
_WAITING = _states(S.FAILED_OVER, S.FAILED_OVER_SERVICES_DOWN)
_AWAY = _WAITING | _states(S.IDLE, S.DOWN)
_WITH_HA = frozenset(S) - _UNKNOWN
_GONE = frozenset({R.PEER_DOWN, R.PEER_DOWN_INITIALIZING})
_BOTH_FAILED = (Step(S.FAILED, R.CRITICAL_SERVICE_DOWN), Step(S.FAILED, R.CRITICAL_SERVICE_DOWN))
_BOTH_GONE = (Step(S.FAILED, R.PEER_DOWN), Step(S.FAILED, R.PEER_DOWN))


def _fail_over(reason: Reason, give_up: Role = STANDBY) -> tuple[Step, Step]:
    return Step(S.FAILING_OVER, reason, give_up), Step(S.TAKING_OVER, reason, BOTH)


def _lost(reason: Reason) -> tuple[Step, Step]:
    return Step(S.DOWN, reason, STANDBY), Step(S.TAKING_OVER, reason, BOTH)


ROWS: tuple[Row, ...] = (
    # High Availability on and off. Refusals (a pair that is failed over) are the services' matter.
    Row(
        "ha-on", _UNKNOWN, _UNKNOWN, When.HA_ENABLED,
        Step(S.INITIALIZING, R.INITIALIZATION, OWN), Step(S.INITIALIZING, R.INITIALIZATION, OWN),
    ),
    Row(
        "ha-off", _WITH_HA, _WITH_HA, When.HA_DISABLED,
        Step(S.UNKNOWN, R.HA_NOT_ENABLED, OWN), Step(S.UNKNOWN, R.HA_NOT_ENABLED, OWN),
    ),
    # Requests of an administrator.
    Row(
        "failover-asked", _NORMAL, _NORMAL, When.FAILOVER_ASKED,
        *_fail_over(R.ADMIN_REQUEST, IDLE),
    ),
    Row(
        "fallback-asked", _states(S.IDLE, S.FAILED_OVER), _BACKUP, When.FALLBACK_ASKED,
        Step(S.TAKING_BACK, R.ADMIN_REQUEST, STANDBY), Step(S.FALLING_BACK, R.ADMIN_REQUEST, BOTH),
    ),
    Row(
        "recover-asked", _FAILED, _FAILED, When.RECOVER_ASKED,
        Step(S.INITIALIZING, R.ADMIN_REQUEST, IDLE), Step(S.INITIALIZING, R.ADMIN_REQUEST, IDLE),
    ),
    # Initializing: first everything that ran is let go (only after Recover), then both start.
    Row(
        "recover-stopped", _INIT, _INIT, When.RELEASED,
        Step(S.INITIALIZING, None, OWN), Step(S.INITIALIZING, None, OWN), target_a=IDLE,
    ),
    Row(
        "recover-overdue", _INIT, _INIT, When.OVERDUE,
        Step(S.FAILED, R.UNKNOWN), Step(S.FAILED, R.UNKNOWN), target_a=IDLE,
    ),
    Row("init-both-down", _INIT, _INIT, When.UNFIT_BOTH, *_BOTH_FAILED, target_a=OWN),
    Row(
        "init-database-down", _INIT, _INIT, When.DATABASE_DOWN_A,
        *_fail_over(R.DATABASE_FAILURE), target_a=OWN, counts=True,
    ),
    Row(
        "init-service-down", _INIT, _INIT, When.SERVICES_DOWN_A,
        *_fail_over(R.CRITICAL_SERVICE_DOWN), target_a=OWN, counts=True,
    ),
    Row(
        "init-goodbye", _INIT, _INIT, When.GOODBYE_A,
        *_lost(R.PEER_REBOOT), target_a=OWN, counts=True,
    ),
    Row(
        "init-silent", _INIT, _INIT, When.SILENT_INITIALIZING_A,
        *_lost(R.PEER_DOWN_INITIALIZING), target_a=OWN, counts=True,
    ),
    Row(
        "init-done", _INIT, _INIT, When.SETTLED,
        Step(S.NORMAL, R.NORMAL), Step(S.NORMAL, R.NORMAL), target_a=OWN,
    ),
    Row(
        "init-missing", _INIT, _INIT, When.INIT_OVERDUE_A_SILENT,
        Step(S.FAILED, R.PEER_DOWN_INITIALIZING), Step(S.FAILED, R.PEER_DOWN_INITIALIZING),
        target_a=OWN,
    ),
    Row(
        "init-overdue", _INIT, _INIT, When.INIT_OVERDUE,
        Step(S.FAILED, R.UNKNOWN), Step(S.FAILED, R.UNKNOWN), target_a=OWN,
    ),
    # Normal: loss of a service or of a node.
    Row("both-down", _NORMAL, _NORMAL, When.UNFIT_BOTH, *_BOTH_FAILED),
    Row(
        "database-down", _NORMAL, _NORMAL, When.DATABASE_DOWN_A,
        *_fail_over(R.DATABASE_FAILURE), counts=True,
    ),
    Row(
        "service-down", _NORMAL, _NORMAL, When.SERVICES_DOWN_A,
        *_fail_over(R.CRITICAL_SERVICE_DOWN), counts=True,
    ),
    Row("goodbye", _NORMAL, _NORMAL, When.GOODBYE_A, *_lost(R.PEER_REBOOT), counts=True),
    Row("refused", _NORMAL, _NORMAL, When.REFUSED_A, *_lost(R.PEER_DOWN), counts=True),
    Row("silent", _NORMAL, _NORMAL, When.SILENT_A, *_lost(R.PEER_DOWN), counts=True),
    # Failing over: ends when B serves both.
    Row(
        "take-over-done-idle", _GIVING, _TAKING, When.HANDED_OVER,
        Step(S.IDLE), Step(S.BACKUP), target_a=IDLE,
    ),
    Row(
        "take-over-done", _GIVING, _TAKING, When.HANDED_OVER,
        Step(S.FAILED_OVER_SERVICES_DOWN), Step(S.BACKUP), target_a=STANDBY,
    ),
    Row("take-over-done-down", _DOWN, _TAKING, When.HANDED_OVER, Step(S.DOWN), Step(S.BACKUP)),
    Row(
        "take-over-overdue", _GIVING | _DOWN, _TAKING, When.OVERDUE,
        Step(S.FAILED, R.TAKE_OVER_FAILED), Step(S.FAILED, R.TAKE_OVER_FAILED),
    ),
    # Failed over: A's services and its presence are followed; the backup's loss fails the group.
    Row(
        "backup-lost-service-recovered", _states(S.FAILED_OVER), _BACKUP,
        When.SERVICES_DOWN_B_A_READY,
        Step(S.TAKING_OVER, R.AUTO_RECOVER_SERVICE, BOTH),
        Step(S.FAILING_OVER, R.AUTO_RECOVER_SERVICE, STANDBY),
    ),
    Row(
        "backup-lost-database-recovered", _states(S.FAILED_OVER), _BACKUP,
        When.DATABASE_DOWN_B_A_READY,
        Step(S.TAKING_OVER, R.AUTO_RECOVER_DATABASE, BOTH),
        Step(S.FAILING_OVER, R.AUTO_RECOVER_DATABASE, STANDBY),
    ),
    Row("backup-goodbye", _BACKUP, _states(S.FAILED_OVER), When.GOODBYE_A, *_lost(R.PEER_REBOOT)),
    Row("backup-silent", _BACKUP, _states(S.FAILED_OVER), When.SILENT_A, *_lost(R.PEER_DOWN)),
    Row(
        "backup-unfit", _states(S.IDLE, S.FAILED_OVER_SERVICES_DOWN, S.DOWN), _BACKUP,
        When.UNFIT_B, *_BOTH_FAILED,
    ),
    Row(
        "backup-gone", _states(S.IDLE, S.FAILED_OVER_SERVICES_DOWN), _BACKUP, When.GONE_B,
        *_BOTH_GONE,
    ),
    Row("failed-over-gone", _WAITING, _BACKUP, When.GONE_A, Step(S.DOWN), Step(S.BACKUP)),
    Row(
        "services-back", _states(S.FAILED_OVER_SERVICES_DOWN), _BACKUP, When.ALL_UP_A,
        Step(S.FAILED_OVER), Step(S.BACKUP),
    ),
    Row(
        "database-lost-again", _states(S.FAILED_OVER), _BACKUP, When.DATABASE_LOST_A,
        Step(S.FAILED_OVER_SERVICES_DOWN, R.DATABASE_FAILURE), Step(S.BACKUP),
    ),
    Row(
        "services-lost-again", _states(S.FAILED_OVER), _BACKUP, When.SOME_DOWN_A,
        Step(S.FAILED_OVER_SERVICES_DOWN, R.CRITICAL_SERVICE_DOWN), Step(S.BACKUP),
    ),
    Row(
        "returned", _DOWN, _BACKUP, When.RETURNED_A,
        Step(S.FAILED_OVER_SERVICES_DOWN, R.INITIALIZATION), Step(S.BACKUP),
    ),
    Row(
        "fallback-due", _states(S.FAILED_OVER), _BACKUP, When.FALLBACK_DUE,
        Step(S.TAKING_BACK, R.AUTOMATIC_FALLBACK, STANDBY),
        Step(S.FALLING_BACK, R.AUTOMATIC_FALLBACK, BOTH),
    ),
    # Falling back: A's services first, then B lets go, then A serves.
    Row("fall-back-goodbye", _BACK_A, _BACK_B, When.GOODBYE_A, *_lost(R.PEER_REBOOT), counts=True),
    Row("fall-back-lost", _BACK_A, _BACK_B, When.SILENT_A, *_lost(R.PEER_DOWN), counts=True),
    Row(
        "fall-back-service-down", _BACK_A, _BACK_B, When.SERVICES_DOWN_A,
        *_fail_over(R.CRITICAL_SERVICE_DOWN), target_a=OWN, counts=True,
    ),
    Row(
        "fall-back-ready", _BACK_A, _BACK_B, When.READY_A,
        Step(S.TAKING_BACK, None, OWN), Step(S.FALLING_BACK, None, OWN), target_a=STANDBY,
    ),
    Row(
        "fall-back-done", _BACK_A, _BACK_B, When.SETTLED,
        Step(S.NORMAL, R.NORMAL), Step(S.NORMAL, R.NORMAL), target_a=OWN,
    ),
    Row(
        "start-overdue", _BACK_A, _BACK_B, When.OVERDUE,
        Step(S.FAILED, R.START_FAILED), Step(S.FAILED, R.START_FAILED), target_a=STANDBY,
    ),
    Row(
        "take-back-overdue", _BACK_A, _BACK_B, When.OVERDUE,
        Step(S.FAILED, R.TAKE_BACK_FAILED), Step(S.FAILED, R.TAKE_BACK_FAILED), target_a=OWN,
    ),
    # Both gone, as an engine sees it that hears others, or the backup of a node that cannot serve
    # either; nobody is moved, and what comes back unchanged goes on.
    Row(
        "both-silent", _WITH_HA - _FAILED, _WITH_HA - _FAILED, When.BOTH_SILENT, *_BOTH_GONE,
    ),
    Row(
        "both-heard-again", _FAILED, _FAILED, When.SETTLED,
        Step(S.NORMAL, R.NORMAL), Step(S.NORMAL, R.NORMAL),
        target_a=OWN, reasons_a=_GONE,
    ),
    Row(
        "backup-heard-again-idle", _FAILED, _FAILED, When.HANDED_OVER,
        Step(S.IDLE, R.ADMIN_REQUEST), Step(S.BACKUP, R.INITIALIZATION),
        target_a=IDLE, reasons_a=_GONE,
    ),
    Row(
        "backup-heard-again", _FAILED, _FAILED, When.HANDED_OVER,
        Step(S.FAILED_OVER_SERVICES_DOWN, R.INITIALIZATION), Step(S.BACKUP, R.INITIALIZATION),
        target_a=STANDBY, reasons_a=_GONE,
    ),
    # Restarts of an agent that came back before anybody missed it: only reasons change.
    Row(
        "restarted-failed", _FAILED, _FAILED, When.RESTARTED_A,
        Step(S.FAILED, R.UNKNOWN), Step(S.FAILED, R.UNKNOWN), reasons_a=frozenset(R) - _GONE,
    ),
    Row(
        "restarted-failed-over", _WAITING | _states(S.IDLE), _BACKUP, When.RESTARTED_A,
        Step(None, R.INITIALIZATION), Step(None),
    ),
    Row(
        "restarted-backup", _BACKUP, _AWAY, When.RESTARTED_A,
        Step(None, R.INITIALIZATION), Step(None),
    ),
    Row(
        "restarted-taking-over", _TAKING, _GIVING | _DOWN, When.RESTARTED_A,
        Step(None, R.INITIALIZATION), Step(None),
    ),
    Row(
        "restarted-taking-back", _BACK_A, _BACK_B, When.RESTARTED_A,
        Step(None, R.INITIALIZATION), Step(None),
    ),
    Row("restarted", _WITH_HA - _DOWN, _WITH_HA, When.RESTARTED_A, Step(None), Step(None)),
)  # fmt: skip
"""Every way a pair can move, heaviest first."""
