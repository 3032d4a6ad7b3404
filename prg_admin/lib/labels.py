"""Label, colour class and icon of each state, reason and service state, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from prg_admin.domain.states import NodeState, Reason, Role, ServiceState

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Label:
    text: _StrPromise
    colour: str
    """Class of the badge: good, warn, bad, busy or off."""
    icon: str
    """One sign, so that colour is never the only difference."""


STATES: dict[NodeState, Label] = {
    NodeState.UNKNOWN: Label(_("Unknown"), "off", "?"),
    NodeState.INITIALIZING: Label(_("Initializing"), "busy", "…"),
    NodeState.IDLE: Label(_("Idle"), "warn", "‖"),
    NodeState.NORMAL: Label(_("Normal"), "good", "✓"),
    NodeState.BACKUP: Label(_("Running in Backup Mode"), "warn", "⇄"),
    NodeState.TAKING_OVER: Label(_("Taking Over"), "busy", "…"),
    NodeState.TAKING_BACK: Label(_("Taking Back"), "busy", "…"),
    NodeState.FAILING_OVER: Label(_("Failing Over"), "busy", "…"),
    NodeState.FAILED_OVER: Label(_("Failed Over"), "warn", "↷"),
    NodeState.FAILED_OVER_SERVICES_DOWN: Label(
        _("Failed Over with Critical Services Not Running"), "bad", "!"
    ),
    NodeState.FALLING_BACK: Label(_("Falling Back"), "busy", "…"),
    NodeState.FAILED: Label(_("Running in Failed Mode"), "bad", "✗"),
    NodeState.DOWN: Label(_("Down"), "bad", "✗"),
}

REASONS: dict[Reason, _StrPromise] = {
    Reason.NORMAL: _("Normal"),
    Reason.ADMIN_REQUEST: _("On Admin Request"),
    Reason.INITIALIZATION: _("Initialization"),
    Reason.AUTOMATIC_FALLBACK: _("Automatic Fallback"),
    Reason.CRITICAL_SERVICE_DOWN: _("Critical Service Down"),
    Reason.DATABASE_FAILURE: _("Database Failure"),
    Reason.START_FAILED: _("Start of Critical Services Failed"),
    Reason.PEER_DOWN: _("Peer Down"),
    Reason.PEER_REBOOT: _("Peer Reboot"),
    Reason.PEER_DOWN_INITIALIZING: _("Peer Down During Initialization"),
    Reason.TAKE_OVER_FAILED: _("Cisco Server Recovery Manager Take Over Users Failed"),
    Reason.TAKE_BACK_FAILED: _("Cisco Server Recovery Manager Take Back Users Failed"),
    Reason.UNKNOWN: _("Unknown"),
    Reason.AUTO_RECOVER_DATABASE: _("Auto Recover Database Failure"),
    Reason.AUTO_RECOVER_SERVICE: _("Auto Recover Critical Service Down"),
    Reason.HA_NOT_ENABLED: _("High Availability Not Enabled"),
}

SERVICE_STATES: dict[ServiceState, Label] = {
    ServiceState.STARTED: Label(_("Started"), "good", "✓"),
    ServiceState.STARTING: Label(_("Starting"), "busy", "…"),
    ServiceState.STOPPED: Label(_("Stopped"), "bad", "✗"),
    ServiceState.STOPPING: Label(_("Stopping"), "busy", "…"),
}

REACHABLE = Label(_("Reachable"), "good", "✓")
UNREACHABLE = Label(_("Not reachable"), "bad", "✗")
HEARD: dict[str, Label] = {
    "heard": Label(_("Heard"), "good", "✓"),
    "suspect": Label(_("Not heard"), "bad", "!"),
    "never": Label(_("Never heard"), "off", "?"),
    "unknown": Label(_("Not known"), "off", "?"),
}
NEVER_HEARD = Label(_("Never heard"), "off", "?")


def state_label(state: str) -> Label:
    return STATES[NodeState(state)]


def reason_text(reason: str) -> str:
    return str(REASONS[Reason(reason)])


def service_state_label(state: str) -> Label:
    return SERVICE_STATES[ServiceState(state)]


ROLES: dict[Role, _StrPromise] = {
    Role.OWN: _("serve its own users"),
    Role.BOTH: _("serve the users of both nodes"),
    Role.STANDBY: _("serve nobody"),
    Role.IDLE: _("stop the critical services and serve nobody"),
}


def role_text(role: str) -> str:
    return str(ROLES[Role(role)])
