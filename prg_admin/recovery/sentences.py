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
    "init-service-down": _("A critical service does not run on one node; its peer takes over."),
    "init-silent": _("One node was not heard while initializing; its peer takes over."),
    "init-done": _("Both nodes run and serve their own users."),
    "both-down": _("Critical services failed on both nodes; nobody is moved."),
    "service-down": _("A critical service was down for the whole delay; the peer takes over."),
    "silent": _("Neither the engine nor the peer hears the node; the peer takes over."),
    "take-over-done-idle": _("The peer serves all users; the node is idle."),
    "take-over-done": _("The peer serves all users."),
    "take-over-done-down": _("The peer serves all users; the node is down."),
    "take-over-overdue": _("The take-over did not end in time."),
    "backup-lost-service-recovered": _(
        "A critical service failed on the backup; the node that is ready takes all users back."
    ),
    "backup-lost-service": _("A critical service failed on the backup; no node can take over."),
    "failed-over-gone": _("The failed-over node is not heard any more."),
    "services-back": _("All critical services of the failed-over node run again."),
    "services-lost-again": _("A critical service of the failed-over node does not run."),
    "returned": _("The node answers again."),
    "fall-back-lost": _("The node was lost during the fallback; its peer takes over again."),
    "fall-back-service-down": _(
        "A critical service failed during the fallback; the peer takes over again."
    ),
    "fall-back-ready": _("The node's services run; its peer lets its users go."),
    "fall-back-done": _("Every user is served at home again."),
    "start-overdue": _("The node's services did not start in time."),
    "take-back-overdue": _("The users were not taken back in time."),
    "next-order": _("The next step was ordered: who serves whom changed."),
    "epoch-raised": _("A node had seen a newer epoch; all orders were renewed above it."),
}


def rule_text(rule: str) -> str:
    return str(RULES[rule])
