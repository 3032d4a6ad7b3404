"""The durations of the recovery and how they hang together. All in seconds.

Two clocks run against each other when a node falls silent. The node itself stops serving after
the **isolation limit**, counted from the last moment it *knows* to have been heard. Its peer may
take its users over after the **silence limit** (Keep Alive Timeout), counted from the last moment
it *was* heard. The second moment is never earlier than the first, so no user is served twice as
long as

    heart beat interval < isolation limit < silence limit

with room on both sides: below for one beat to be renewed, above for the doors to close. The room is
the span between the heart beat interval and the silence limit, which the parameters' cross-check
keeps at least as long as the connect timeout (``domain.catalogue``).
"""

from __future__ import annotations

from dataclasses import dataclass

from prg_admin.domain.states import CRITICAL_SERVICES, XCP_AUTHENTICATION
from prg_admin.domain.wire import Timing

ISOLATION_SHARE = 0.75
"""Part of the span between heart beat interval and silence limit after which a node isolates."""

DOOR_MARGIN_S = 0.25
"""What a node's door may take to close after the isolation limit; the room above it is larger."""

MULTIPLE_DEVICE_FACTOR = 2.0
"""Multiple Device Messaging doubles the delays of a failover (domain facts 3.4)."""


@dataclass(frozen=True, slots=True)
class RecoverySettings:
    """The parameters of the Server Recovery Manager as the engine uses them."""

    heart_beat_interval: float = 60.0
    connect_timeout: float = 30.0
    keep_alive_timeout: float = 90.0
    initialization_timeout: float = 120.0
    critical_service_delay: float = 90.0
    automatic_fallback: bool = False
    monitor_xcp_authentication: bool = False
    automatic_fallback_delay: float = 1800.0
    keep_serving_when_isolated: bool = False
    transition_deadline: float = 120.0
    multiple_device_messaging: bool = False

    @property
    def factor(self) -> float:
        return MULTIPLE_DEVICE_FACTOR if self.multiple_device_messaging else 1.0

    @property
    def critical_services(self) -> frozenset[str]:
        extra = (XCP_AUTHENTICATION,) if self.monitor_xcp_authentication else ()
        return frozenset((*CRITICAL_SERVICES, *extra))


def service_delay(settings: RecoverySettings) -> float:
    """How long a critical service may be down before its node fails over."""
    return settings.critical_service_delay * settings.factor


def silence_limit(settings: RecoverySettings) -> float:
    """How long both witnesses must not hear a node before it counts as down."""
    return settings.keep_alive_timeout * settings.factor


def initialization_limit(settings: RecoverySettings) -> float:
    """The silence limit while a pair initializes."""
    return settings.initialization_timeout * settings.factor


def transition_limit(settings: RecoverySettings) -> float:
    """How long a transition may take before it counts as failed."""
    return settings.transition_deadline * settings.factor


def initialization_deadline(settings: RecoverySettings) -> float:
    """How long the start of a pair may take: whatever could end it otherwise goes first."""
    limits = (transition_limit(settings), initialization_limit(settings), service_delay(settings))
    return max(limits)


def isolation_limit(settings: RecoverySettings) -> float:
    """How long a node may go unheard before it stops serving by itself."""
    span = silence_limit(settings) - settings.heart_beat_interval
    return settings.heart_beat_interval + ISOLATION_SHARE * span


REFUSED_S = 3.0
"""After so long a host that refuses every connection has no agent; a restart takes less."""


def refused_limit(settings: RecoverySettings) -> float:
    """How long both witnesses must be refused before a node counts as down.

    Not doubled by Multiple Device Messaging, for an agent starts no slower; its door's time is.
    """
    return min(silence_limit(settings), REFUSED_S)


TICK_S = 1.0
"""How often the engine looks who is due."""

SWITCH_WORK_S = 0.3
"""Allowance for the work of a switch: orders to both nodes and their confirmations, as measured."""


@dataclass(frozen=True, slots=True)
class Bound:
    """At most so many seconds after the fault; None: not by itself."""

    detected_s: float
    served_s: float | None


@dataclass(frozen=True, slots=True)
class WorstCase:
    service: Bound
    """A critical service or the database has died."""
    refused: Bound
    """The node refuses connections: its agent is dead, the host lives, and its door may be open."""
    silent: Bound
    """The node does not answer at all."""


def worst_case(settings: RecoverySettings) -> WorstCase:
    """How long users of a failed node wait at most until its healthy peer serves them.

    A dead service is called in at once, or found by the next look if that call is lost. A node
    counts as down after the silence limit, but never before one look has run into its timeout; one
    that refuses connections as soon as both witnesses were refused again and again. Its door may
    stay open until its right ends, so its users wait for that in any case.
    """
    look = settings.heart_beat_interval
    limit = silence_limit(settings)
    service = max(service_delay(settings), look) + TICK_S
    silent = max(limit, look + settings.connect_timeout) + TICK_S
    refused = min(max(limit, look), look + refused_limit(settings)) + TICK_S
    return WorstCase(
        service=Bound(service, service + SWITCH_WORK_S),
        refused=Bound(refused, _served(refused, settings)),
        silent=Bound(silent, _served(silent, settings)),
    )


def _served(detected: float, settings: RecoverySettings) -> float | None:
    """The node must also have stopped by itself; who keeps serving while isolated never does."""
    if settings.keep_serving_when_isolated:
        return None
    stopped = isolation_limit(settings) + DOOR_MARGIN_S
    return max(detected, stopped + TICK_S) + SWITCH_WORK_S


def agent_timing(settings: RecoverySettings) -> Timing:
    """What agents are told; an isolation limit of 0 means: keep serving when isolated."""
    limit = 0.0 if settings.keep_serving_when_isolated else isolation_limit(settings)
    return Timing(
        heartbeat_interval=settings.heart_beat_interval,
        connect_timeout=settings.connect_timeout,
        isolation_limit=limit,
    )
