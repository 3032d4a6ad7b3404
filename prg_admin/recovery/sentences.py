"""What each rule of the engine means, for people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RULES: dict[str, Promise] = {
    "ha-on": _("High Availability was enabled; both nodes initialize."),
    "ha-off": _("High Availability was disabled."),
    "failover-asked": _("An administrator asked for a failover."),
    "fallback-asked": _("An administrator asked for a fallback."),
    "recover-asked": _("An administrator asked for a recovery; all services are stopped first."),
    "recover-stopped": _("Both nodes have stopped; their services are started again."),
    "init-both-down": _("Critical services do not run on either node."),
    "init-database-down": _("The database of one node does not answer; its peer takes over."),
    "init-goodbye": _("One node shut down while initializing; its peer takes over."),
    "init-service-down": _("A critical service does not run on one node; its peer takes over."),
    "init-silent": _("One node was not heard while initializing; its peer takes over."),
    "init-done": _("Both nodes run and serve their own users."),
    "both-down": _("Critical services failed on both nodes; nobody is moved."),
    "database-down": _("A node's database was down for the whole delay; the peer takes over."),
    "goodbye": _("The node said goodbye and shut down; the peer takes over."),
    "service-down": _("A critical service was down for the whole delay; the peer takes over."),
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
    "failed-over-gone": _("The failed-over node is not heard any more."),
    "services-back": _("All critical services of the failed-over node run again."),
    "services-lost-again": _("A critical service of the failed-over node does not run."),
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
    "restarted-failed": _("An agent restarted while the group had failed."),
    "restarted-failed-over": _("The agent of the failed-over node restarted and kept its role."),
    "restarted-backup": _("The agent of the backup restarted and kept its role."),
    "restarted-taking-over": _("The agent of the backup restarted while taking over; it goes on."),
    "restarted-taking-back": _("The agent of the node restarted while taking back; it goes on."),
    "restarted": _("An agent restarted before anybody missed it."),
    "acknowledged": _("The repeated failovers were acknowledged; automatic fallback may go on."),
    "next-order": _("The next step was ordered: who serves whom changed."),
    "epoch-raised": _("A node had seen a newer epoch; all orders were renewed above it."),
}


def rule_text(rule: str) -> str:
    """Events are kept for longer than rules: one of another release is shown by its name."""
    return str(RULES.get(rule, rule))
