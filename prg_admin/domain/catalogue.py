"""The catalogue of service and enterprise parameters: what can be set, within which bounds.

Sources: domain facts 4 (Cisco Server Recovery Manager), 5 (Enterprise Parameters) and 3.4 (Multiple
Device Messaging). No source names minimum or maximum; the ranges are ours and wide enough for every
value of the published tables, with lower bounds that let a laboratory work in seconds.

Values travel and are stored as text in one canonical form: integers as decimal digits without
leading zeros, booleans as ``true`` and ``false``, choices as their value. What may be saved is
judged by ``domain.parameter_rules``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.states import XCP_ROUTER as ROUTER_SERVICE

XCP_ROUTER = ROUTER_SERVICE
SRM = "Cisco Server Recovery Manager"
ENTERPRISE = "Enterprise Wide"

TRUE = "true"
FALSE = "false"


class Kind(StrEnum):
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class Unit(StrEnum):
    NONE = ""
    SECONDS = "s"
    MINUTES = "min"


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; ``default`` is the suggested value in its canonical form."""

    service: str
    name: str
    label: str
    kind: Kind
    default: str
    section: str
    help: str
    minimum: int = 0
    """Bounds of an integer, both allowed; without meaning for the other kinds."""
    maximum: int = 0
    unit: Unit = Unit.NONE
    clusterwide: bool = True
    """One value for all servers of a cluster; otherwise one for each node."""
    advanced: bool = False
    choices: tuple[Choice, ...] = ()

    def choice_label(self, value: str) -> str:
        """What a person reads for a value; the value itself where it is not a choice."""
        return next((c.label for c in self.choices if c.value == value), value)


BOOLEANS = (Choice(TRUE, "True"), Choice(FALSE, "False"))

GENERAL = "General Server Recovery Manager Parameters"
RE_LOGIN = "Client Re-Login Parameters"
ADVANCED = "Advanced Server Recovery Manager Parameters"
ROUTER = "General XCP Router Parameters"
USER_MANAGEMENT = "User Management Parameters"

HEART_BEAT_INTERVAL = "HeartBeatInterval"
CONNECT_TIMEOUT = "ConnectTimeout"
KEEP_ALIVE_TIMEOUT = "KeepAliveTimeout"
INITIALIZATION_TIMEOUT = "InitializationKeepAliveTimeout"
CRITICAL_SERVICE_DELAY = "CriticalServiceDelay"
AUTOMATIC_FALLBACK = "EnableAutomaticFallback"
MONITOR_XCP_AUTHENTICATION = "EnableXcpAuthenticationMonitoring"
SERVICE_PORT = "ServicePort"
ADMIN_RPC_PORT = "AdminRpcPort"
RE_LOGIN_LOWER = "ClientReLoginLowerLimit"
RE_LOGIN_UPPER = "ClientReLoginUpperLimit"
AUTOMATIC_FALLBACK_DELAY = "AutomaticFallbackDelay"
ISOLATED_NODE_POLICY = "IsolatedNodePolicy"
TRANSITION_DEADLINE = "TransitionDeadline"
MULTIPLE_DEVICE_MESSAGING = "MultipleDeviceMessaging"
USER_ASSIGNMENT_MODE = "UserAssignmentMode"

STOP_SERVING = "stop-serving"
KEEP_SERVING = "keep-serving"
BALANCED = "balanced"
ACTIVE_STANDBY = "active-standby"
NO_ASSIGNMENT = "none"

DOUBLED = frozenset({KEEP_ALIVE_TIMEOUT, INITIALIZATION_TIMEOUT, CRITICAL_SERVICE_DELAY})
"""Delays that Multiple Device Messaging doubles, see ``domain.timing``."""

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        SRM,
        HEART_BEAT_INTERVAL,
        "Heart Beat Interval",
        Kind.INTEGER,
        "60",
        GENERAL,
        "How often the Server Recovery Manager sends a heartbeat message to its peer in the same "
        "presence redundancy group. Heartbeats tell whether the network is available.",
        minimum=1,
        maximum=300,
        unit=Unit.SECONDS,
    ),
    Parameter(
        SRM,
        CONNECT_TIMEOUT,
        "Connect Timeout",
        Kind.INTEGER,
        "30",
        GENERAL,
        "How long the Server Recovery Manager waits for its peer to answer a connection request.",
        minimum=1,
        maximum=300,
        unit=Unit.SECONDS,
    ),
    Parameter(
        SRM,
        KEEP_ALIVE_TIMEOUT,
        "Keep Alive (Heartbeat) Timeout",
        Kind.INTEGER,
        "90",
        GENERAL,
        "How long a node may be silent in normal running before it counts as down. At least Heart "
        "Beat Interval plus Connect Timeout.",
        minimum=1,
        maximum=900,
        unit=Unit.SECONDS,
    ),
    Parameter(
        SRM,
        INITIALIZATION_TIMEOUT,
        "Initialization Keep Alive (Heartbeat) Timeout",
        Kind.INTEGER,
        "120",
        GENERAL,
        "How long a node may be silent while it is starting before it counts as down. At least "
        "Keep Alive (Heartbeat) Timeout.",
        minimum=1,
        maximum=1800,
        unit=Unit.SECONDS,
    ),
    Parameter(
        SRM,
        CRITICAL_SERVICE_DELAY,
        "Critical Service Delay",
        Kind.INTEGER,
        "90",
        GENERAL,
        "How long a critical service may be down before the node's users are failed over to the "
        "peer. 0 fails over at once.",
        minimum=0,
        maximum=600,
        unit=Unit.SECONDS,
    ),
    Parameter(
        SRM,
        AUTOMATIC_FALLBACK,
        "Enable Automatic Fallback",
        Kind.BOOLEAN,
        FALSE,
        GENERAL,
        "When True, users return to their home node by themselves once it has been healthy for the "
        "Automatic Fallback Delay. When False, an administrator has to press Fallback.",
        choices=BOOLEANS,
    ),
    Parameter(
        SRM,
        MONITOR_XCP_AUTHENTICATION,
        "Enable monitoring of XCP Authentication Service",
        Kind.BOOLEAN,
        FALSE,
        GENERAL,
        "When True, Cisco XCP Authentication Service counts as a critical service and its loss "
        "causes a failover.",
        choices=BOOLEANS,
    ),
    Parameter(
        SRM,
        SERVICE_PORT,
        "Service Port",
        Kind.INTEGER,
        "22001",
        GENERAL,
        "Port on which Server Recovery Managers talk to each other. Agents whose own address and "
        "port are given under System > Server use those.",
        minimum=1024,
        maximum=65535,
    ),
    Parameter(
        SRM,
        ADMIN_RPC_PORT,
        "Admin RPC Port",
        Kind.INTEGER,
        "20075",
        GENERAL,
        "Port on which the Server Recovery Manager takes administrative requests. Agents whose own "
        "address and port are given under System > Server use those.",
        minimum=1024,
        maximum=65535,
    ),
    Parameter(
        SRM,
        RE_LOGIN_LOWER,
        "Client Re-Login Lower Limit",
        Kind.INTEGER,
        "120",
        RE_LOGIN,
        "Shortest time a client waits before it logs in again after its node failed over. Set the "
        "same value on both nodes of a group.",
        minimum=1,
        maximum=3600,
        unit=Unit.SECONDS,
        clusterwide=False,
    ),
    Parameter(
        SRM,
        RE_LOGIN_UPPER,
        "Client Re-Login Upper Limit",
        Kind.INTEGER,
        "537",
        RE_LOGIN,
        "Longest time a client waits before it logs in again after its node failed over. Set the "
        "same value on both nodes of a group, and review it after users were rebalanced.",
        minimum=1,
        maximum=3600,
        unit=Unit.SECONDS,
        clusterwide=False,
    ),
    Parameter(
        SRM,
        AUTOMATIC_FALLBACK_DELAY,
        "Automatic Fallback Delay",
        Kind.INTEGER,
        "30",
        ADVANCED,
        "How long a failed node has to be healthy again before users return to it by themselves. "
        "Used while Enable Automatic Fallback is True.",
        minimum=0,
        maximum=1440,
        unit=Unit.MINUTES,
        advanced=True,
    ),
    Parameter(
        SRM,
        ISOLATED_NODE_POLICY,
        "Isolated Node Policy",
        Kind.CHOICE,
        STOP_SERVING,
        ADVANCED,
        "What a node does when it hears neither its peer nor this system. Stop serving: its users "
        "wait until the peer has taken over, and no user is ever served twice. Keep serving: it "
        "goes on, and the peer does not take its users over while the node cannot be asked.",
        advanced=True,
        choices=(Choice(STOP_SERVING, "Stop serving"), Choice(KEEP_SERVING, "Keep serving")),
    ),
    Parameter(
        SRM,
        TRANSITION_DEADLINE,
        "Transition Deadline",
        Kind.INTEGER,
        "120",
        ADVANCED,
        "How long a step such as Taking Over or Falling Back may last before it counts as failed.",
        minimum=5,
        maximum=3600,
        unit=Unit.SECONDS,
        advanced=True,
    ),
    Parameter(
        XCP_ROUTER,
        MULTIPLE_DEVICE_MESSAGING,
        "Multiple Device Messaging",
        Kind.BOOLEAN,
        FALSE,
        ROUTER,
        "When True, messages reach all devices of a user. A failover then takes twice the time "
        "that the Cisco Server Recovery Manager parameters say.",
        choices=BOOLEANS,
    ),
    Parameter(
        ENTERPRISE,
        USER_ASSIGNMENT_MODE,
        "User Assignment Mode for Presence Server",
        Kind.CHOICE,
        BALANCED,
        USER_MANAGEMENT,
        "How synchronized users are spread over the nodes. Balanced: equally over both nodes of "
        "every group. Active-Standby: all users go to the first node of a group, the second is "
        "only a backup. None: nobody is assigned; an administrator does it by hand. Users who are "
        "already assigned stay where they are.",
        choices=(
            Choice(BALANCED, "Balanced"),
            Choice(ACTIVE_STANDBY, "Active-Standby"),
            Choice(NO_ASSIGNMENT, "None"),
        ),
    ),
)

BY_KEY: dict[tuple[str, str], Parameter] = {(p.service, p.name): p for p in PARAMETERS}


def parameters_of(service: str) -> tuple[Parameter, ...]:
    """The parameters of a service in the order of the page; empty for a service without any."""
    return tuple(p for p in PARAMETERS if p.service == service)
