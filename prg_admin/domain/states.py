"""The words of the pair: node states, reasons, roles and critical services.

Source: the state and reason tables of the IM and Presence administration guides (domain facts
sections 1 and 2). The values are what the database, the wire and the scripts carry; the labels
are what a person reads, to the letter of the original. Translations are made above the domain.

A **state** says where a node stands in its recovery; only the engine assigns it. A **role** says
what a node is to do, or does: it is what goals order and reports confirm. The home nodes whose
users a node serves follow from its role alone, see :func:`homes_served`.
"""

from __future__ import annotations

from enum import StrEnum


class NodeState(StrEnum):
    """State of one node in a group with High Availability (domain facts 1.1)."""

    UNKNOWN = "unknown"
    INITIALIZING = "initializing"
    IDLE = "idle"
    NORMAL = "normal"
    BACKUP = "running-in-backup-mode"
    TAKING_OVER = "taking-over"
    TAKING_BACK = "taking-back"
    FAILING_OVER = "failing-over"
    FAILED_OVER = "failed-over"
    FAILED_OVER_SERVICES_DOWN = "failed-over-services-not-running"
    FALLING_BACK = "falling-back"
    FAILED = "running-in-failed-mode"
    DOWN = "down"

    @property
    def label(self) -> str:
        return STATE_LABELS[self]

    @property
    def counter(self) -> int:
        """Value of the performance counter SRMState (domain facts 1.1)."""
        return STATE_COUNTERS[self]


STATE_LABELS: dict[NodeState, str] = {
    NodeState.UNKNOWN: "Unknown",
    NodeState.INITIALIZING: "Initializing",
    NodeState.IDLE: "Idle",
    NodeState.NORMAL: "Normal",
    NodeState.BACKUP: "Running in Backup Mode",
    NodeState.TAKING_OVER: "Taking Over",
    NodeState.TAKING_BACK: "Taking Back",
    NodeState.FAILING_OVER: "Failing Over",
    NodeState.FAILED_OVER: "Failed Over",
    NodeState.FAILED_OVER_SERVICES_DOWN: "Failed Over with Critical Services Not Running",
    NodeState.FALLING_BACK: "Falling Back",
    NodeState.FAILED: "Running in Failed Mode",
    NodeState.DOWN: "Down",
}

STATE_COUNTERS: dict[NodeState, int] = {
    NodeState.UNKNOWN: 0,
    NodeState.INITIALIZING: 1,
    NodeState.IDLE: 2,
    NodeState.NORMAL: 3,
    NodeState.BACKUP: 4,
    NodeState.TAKING_OVER: 5,
    NodeState.TAKING_BACK: 6,
    NodeState.FAILING_OVER: 7,
    NodeState.FAILED_OVER: 8,
    NodeState.FAILED_OVER_SERVICES_DOWN: 9,
    NodeState.FALLING_BACK: 10,
    NodeState.FAILED: 11,
    NodeState.DOWN: 12,
}

TRANSITIONAL = frozenset(
    {
        NodeState.INITIALIZING,
        NodeState.FAILING_OVER,
        NodeState.TAKING_OVER,
        NodeState.TAKING_BACK,
        NodeState.FALLING_BACK,
    }
)
"""States that end by themselves: when the reports say so, or at the transition deadline."""

FAILED_OVER_STATES = frozenset(
    {
        NodeState.IDLE,
        NodeState.FAILED_OVER,
        NodeState.FAILED_OVER_SERVICES_DOWN,
        NodeState.DOWN,
    }
)
"""States of a node whose users are served by its peer."""


class Reason(StrEnum):
    """Why a node is in its state (domain facts 1.2)."""

    NORMAL = "normal"
    ADMIN_REQUEST = "on-admin-request"
    INITIALIZATION = "initialization"
    AUTOMATIC_FALLBACK = "automatic-fallback"
    CRITICAL_SERVICE_DOWN = "critical-service-down"
    DATABASE_FAILURE = "database-failure"
    START_FAILED = "start-of-critical-services-failed"
    PEER_DOWN = "peer-down"
    PEER_REBOOT = "peer-reboot"
    PEER_DOWN_INITIALIZING = "peer-down-during-initialization"
    TAKE_OVER_FAILED = "take-over-users-failed"
    TAKE_BACK_FAILED = "take-back-users-failed"
    UNKNOWN = "unknown"
    AUTO_RECOVER_DATABASE = "auto-recover-database-failure"
    AUTO_RECOVER_SERVICE = "auto-recover-critical-service-down"
    HA_NOT_ENABLED = "high-availability-not-enabled"

    @property
    def label(self) -> str:
        return REASON_LABELS[self]


REASON_LABELS: dict[Reason, str] = {
    Reason.NORMAL: "Normal",
    Reason.ADMIN_REQUEST: "On Admin Request",
    Reason.INITIALIZATION: "Initialization",
    Reason.AUTOMATIC_FALLBACK: "Automatic Fallback",
    Reason.CRITICAL_SERVICE_DOWN: "Critical Service Down",
    Reason.DATABASE_FAILURE: "Database Failure",
    Reason.START_FAILED: "Start of Critical Services Failed",
    Reason.PEER_DOWN: "Peer Down",
    Reason.PEER_REBOOT: "Peer Reboot",
    Reason.PEER_DOWN_INITIALIZING: "Peer Down During Initialization",
    Reason.TAKE_OVER_FAILED: "Cisco Server Recovery Manager Take Over Users Failed",
    Reason.TAKE_BACK_FAILED: "Cisco Server Recovery Manager Take Back Users Failed",
    Reason.UNKNOWN: "Unknown",
    Reason.AUTO_RECOVER_DATABASE: "Auto Recover Database Failure",
    Reason.AUTO_RECOVER_SERVICE: "Auto Recover Critical Service Down",
    Reason.HA_NOT_ENABLED: "High Availability Not Enabled",
}


class Role(StrEnum):
    """What a node is to do with its services and with whose users."""

    OWN = "own"
    """Services run; the node's own users are served."""
    BOTH = "both"
    """Services run; its own and its peer's users are served."""
    STANDBY = "standby"
    """Services run as far as they can; nobody is served."""
    IDLE = "idle"
    """Critical services are stopped and stay stopped; nobody is served."""


SERVING = frozenset({Role.OWN, Role.BOTH})


def homes_served(role: Role, *, node: str, peer: str | None) -> frozenset[str]:
    """Names of the home nodes whose users a node in this role serves."""
    if role is Role.OWN:
        return frozenset({node})
    if role is Role.BOTH and peer is not None:
        return frozenset({node, peer})
    return frozenset()


class ServiceState(StrEnum):
    """State of one service process, with the words of the control center (domain facts 6.7)."""

    STARTED = "started"
    STARTING = "starting"
    STOPPED = "stopped"
    STOPPING = "stopping"

    @property
    def label(self) -> str:
        return self.value.capitalize()


CRITICAL_SERVICES: tuple[str, ...] = (
    "Cisco XCP Router",
    "Cisco Client Profile Agent",
    "Cisco Sync Agent",
    "Cisco SIP Proxy",
    "Cisco Presence Engine",
)
"""The services whose loss causes a failover, in start order (domain facts 3.10 and 6.7).

They are stopped in the reverse order.
"""

XCP_ROUTER = "Cisco XCP Router"
XCP_AUTHENTICATION = "Cisco XCP Authentication Service"
"""Critical only while its monitoring is enabled (domain facts 6.7)."""

DEMO_SERVICES = (*CRITICAL_SERVICES, XCP_AUTHENTICATION)
"""What the agents of the demo's nodes supervise, in start order."""
