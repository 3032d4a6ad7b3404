"""What each rule of the engine means, for people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prg_admin.domain.transitions import When

RULES: dict[str, Promise] = {
    "ha-on": _("High Availability was enabled; both nodes initialize."),
    "ha-off": _("High Availability was disabled."),
    "failover-asked": _("An administrator asked for a failover."),
    "fallback-asked": _("An administrator asked for a fallback."),
    "recover-asked": _("An administrator asked for a recovery; all services are stopped first."),
    "recover-stopped": _("Both nodes have stopped; their services are started again."),
    "recover-overdue": _("The services of both nodes were not stopped in time."),
    "init-both-down": _("Critical services do not run on either node."),
    "init-database-down": _("The database of one node does not answer; its peer takes over."),
    "init-goodbye": _("One node shut down while initializing; its peer takes over."),
    "init-service-down": _("A critical service does not run on one node; its peer takes over."),
    "init-silent": _("One node was not heard while initializing; its peer takes over."),
    "init-missing": _("One node was not heard while initializing; nobody is moved."),
    "init-overdue": _("The initialization did not end in time."),
    "init-done": _("Both nodes run and serve their own users."),
    "both-down": _("Critical services failed on both nodes; nobody is moved."),
    "database-down": _("A node's database was down for the whole delay; the peer takes over."),
    "goodbye": _("The node said goodbye and shut down; the peer takes over."),
    "service-down": _("A critical service was down for the whole delay; the peer takes over."),
    "refused": _(
        "The node's host refuses every connection: its agent is dead; the peer takes over when its "
        "door has surely closed."
    ),
    "silent": _("Neither the engine nor the peer hears the node; the peer takes over."),
    "take-over-done-idle": _("The peer serves all users; the node is idle."),
    "take-over-done": _("The peer serves all users."),
    "take-over-done-down": _("The peer serves all users; the node is down."),
    "take-over-overdue": _("The take-over did not end in time."),
    "backup-lost-service-recovered": _(
        "A critical service failed on the backup; the node that is ready takes all users back."
    ),
    "backup-lost-database-recovered": _(
        "The backup's database failed; the node that is ready takes all users back."
    ),
    "backup-goodbye": _("The backup shut down; the node that is ready takes all users back."),
    "backup-silent": _(
        "The backup is not heard and has stopped; the node that is ready takes all users back."
    ),
    "backup-unfit": _(
        "A critical service or the database failed on the backup; no node can take over."
    ),
    "backup-gone": _(
        "The backup is not heard any more, and the failed-over node cannot serve; nobody is moved."
    ),
    "failed-over-gone": _("The failed-over node is not heard any more."),
    "services-back": _("All critical services of the failed-over node run again."),
    "services-lost-again": _("A critical service of the failed-over node does not run."),
    "database-lost-again": _("The database of the failed-over node does not answer."),
    "returned": _("The node answers again."),
    "fallback-due": _("The node was healthy for the whole delay; it falls back by itself."),
    "fall-back-goodbye": _("The node shut down during the fallback; its peer takes over again."),
    "fall-back-lost": _("The node was lost during the fallback; its peer takes over again."),
    "fall-back-service-down": _(
        "A critical service failed during the fallback; the peer takes over again."
    ),
    "fall-back-ready": _("The node's services run; its peer lets its users go."),
    "fall-back-done": _("Every user is served at home again."),
    "start-overdue": _("The node's services did not start in time."),
    "take-back-overdue": _("The users were not taken back in time."),
    "both-silent": _("The engine hears neither node; nobody is moved."),
    "both-heard-again": _("Both nodes are heard again and serve their own users."),
    "backup-heard-again-idle": _("The backup is heard again and goes on; the node is idle."),
    "backup-heard-again": _("The backup is heard again and goes on."),
    "restarted-failed": _("An agent restarted while the group had failed."),
    "restarted-failed-over": _("The agent of the failed-over node restarted and kept its role."),
    "restarted-backup": _("The agent of the backup restarted and kept its role."),
    "restarted-taking-over": _("The agent of the backup restarted while taking over; it goes on."),
    "restarted-taking-back": _("The agent of the node restarted while taking back; it goes on."),
    "restarted": _("An agent restarted before anybody missed it."),
    "stated-off": _("An administrator stated that the node is powered off."),
    "acknowledged": _("The repeated failovers were acknowledged; automatic fallback may go on."),
    "next-order": _("The next step was ordered: who serves whom changed."),
    "epoch-raised": _("A node had seen a newer epoch; all orders were renewed above it."),
}


def rule_text(rule: str) -> str:
    """Events are kept for longer than rules: one of another release is shown by its name."""
    return str(RULES.get(rule, rule))


CONDITIONS: dict[When, Promise] = {
    When.HA_ENABLED: _("High Availability is enabled."),
    When.HA_DISABLED: _("High Availability is disabled."),
    When.FAILOVER_ASKED: _("An administrator asked for the failover of %(a)s."),
    When.FALLBACK_ASKED: _("An administrator asked for the fallback of %(a)s."),
    When.RECOVER_ASKED: _("An administrator asked for the recovery of the group."),
    When.SERVICES_DOWN_A: _(
        "A critical service of %(a)s is down for the delay, and %(b)s is healthy."
    ),
    When.SERVICES_DOWN_B_A_READY: _(
        "A critical service of %(b)s is down for the delay, and %(a)s is ready."
    ),
    When.DATABASE_DOWN_A: _("The database of %(a)s is down for the delay, and %(b)s is healthy."),
    When.DATABASE_DOWN_B_A_READY: _(
        "The database of %(b)s is down for the delay, and %(a)s is ready."
    ),
    When.UNFIT_B: _("A critical service or the database of %(b)s is down for the delay."),
    When.UNFIT_BOTH: _(
        "Of %(a)s and %(b)s each is gone, or has a critical service or its database down for the "
        "delay."
    ),
    When.SILENT_A: _(
        "Neither the engine nor %(b)s hears %(a)s for the silence limit, %(a)s has surely stopped "
        "serving, and %(b)s is healthy."
    ),
    When.REFUSED_A: _(
        "The host of %(a)s refuses every connection of the engine and of %(b)s, %(a)s stops "
        "serving in time, and %(b)s is healthy."
    ),
    When.SILENT_INITIALIZING_A: _(
        "Neither the engine nor %(b)s hears %(a)s for the initialization limit, %(a)s has surely "
        "stopped serving, and %(b)s is healthy."
    ),
    When.GOODBYE_A: _("%(a)s said goodbye and does not answer, and %(b)s is healthy."),
    When.BOTH_SILENT: _(
        "The engine, which hears other nodes, misses both %(a)s and %(b)s for the silence limit."
    ),
    When.RESTARTED_A: _("The agent of %(a)s has restarted since the last change."),
    When.FALLBACK_DUE: _(
        "Automatic fallback is on and not held, and %(a)s was healthy for its whole delay."
    ),
    When.SETTLED: _(
        "Both %(a)s and %(b)s report that they do what was ordered and that their services run."
    ),
    When.HANDED_OVER: _(
        "%(b)s reports that it serves the users of both nodes; %(a)s reports that it let go, or "
        "has surely stopped."
    ),
    When.RELEASED: _("%(a)s and %(b)s serve nobody: they report it, or have surely stopped."),
    When.READY_A: _(
        "%(a)s reports that it does what was ordered and that all its critical services run."
    ),
    When.RETURNED_A: _("%(a)s answers again and serves nobody."),
    When.ALL_UP_A: _("All critical services of %(a)s run."),
    When.SOME_DOWN_A: _("A critical service of %(a)s does not run."),
    When.DATABASE_LOST_A: _("The database of %(a)s does not answer."),
    When.GONE_A: _(
        "%(a)s said goodbye, or neither the engine nor %(b)s hears it for the silence limit."
    ),
    When.GONE_B: _(
        "%(b)s said goodbye, or neither the engine nor %(a)s hears it for the silence limit."
    ),
    When.OVERDUE: _("The deadline of the change has passed."),
    When.INIT_OVERDUE: _("The deadline of the initialization has passed."),
    When.INIT_OVERDUE_A_SILENT: _(
        "The deadline of the initialization has passed, and %(a)s does not answer."
    ),
}


def condition_text(when: When, *, a: str, b: str) -> str:
    return str(CONDITIONS[when]) % {"a": a, "b": b}


VALUES: dict[str, Promise] = {
    "node": _("Node: %(value)s"),
    "engine_silence_s": _("Not heard by the engine: %(value)s s"),
    "peer_silence_s": _("Not heard by its peer: %(value)s s"),
    "limit_s": _("Limit: %(value)s s"),
    "delay_s": _("Delay: %(value)s s"),
    "deadline_s": _("Deadline: %(value)s s"),
    "error": _("Last attempt: %(value)s"),
    "services_down_s": _("Down: %(value)s s"),
    "database_down_s": _("Database down: %(value)s s"),
    "goodbye": _("It said goodbye before it stopped."),
    "powered_off": _("Stated to be powered off: %(value)s"),
    "up_s": _("Its agent runs for: %(value)s s"),
    "healthy_for_s": _("Healthy for: %(value)s s"),
    "serving": _("Serves the users of: %(value)s"),
    "waiting_for": _("Still waiting for: %(value)s"),
}
ABOUT = _("%(about)s - %(line)s")
NOBODY = _("nobody")
NOT_ASKED = _("not known; it did not answer")


def value_line(key: str, value: object, *, about: str = "") -> str:
    """A value the rule looked at; ``about`` names the node or service it belongs to."""
    shown: object = value
    if isinstance(value, (list, tuple)):
        shown = ", ".join(map(str, value)) or NOBODY
    elif value is None:
        shown = NOT_ASKED
    elif isinstance(value, float):
        shown = f"{value:g}"
    text = VALUES.get(key)
    line = str(text) % {"value": shown} if text else f"{key}: {shown}"
    return str(ABOUT) % {"about": about, "line": line} if about else line
