"""The values of replication and the causes behind them, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from prg_admin.domain.replication import Cause, Replication
from prg_admin.lib.labels import Label

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

VALUES: dict[Replication, Label] = {
    Replication.INITIALIZING: Label(_("Initializing"), "busy", "…"),
    Replication.INCOMPLETE: Label(_("Incomplete"), "warn", "!"),
    Replication.GOOD: Label(_("Good"), "good", "✓"),
    Replication.MISMATCH: Label(_("Mismatched"), "bad", "≠"),
    Replication.FAILED: Label(_("Failed"), "bad", "✗"),
}
ANSWERS = Label(_("Answers"), "good", "✓")
NO_ANSWER = Label(_("Does not answer"), "bad", "✗")
NOT_MONITORED = Label(_("Not monitored"), "off", "–")
NOT_KNOWN = Label(_("Not known"), "off", "?")

CAUSES: dict[Cause, _StrPromise] = {
    Cause.NO_SUBSCRIPTION: _("It does not subscribe to the publisher yet."),
    Cause.COPYING: _("Tables are being copied from the publisher: %(about)s."),
    Cause.NO_PUBLICATION: _("It does not publish anything yet."),
    Cause.DISABLED: _("The subscription is disabled."),
    Cause.TABLES_MISSING: _("Not all tables of the publisher are replicated: %(about)s."),
    Cause.CATCHING_UP: _("Copied tables are catching up: %(about)s."),
    Cause.NOTHING_PUBLISHED: _("Its publication has no tables."),
    Cause.STREAMING: _("Changes arrive; the contents have not been compared yet."),
    Cause.EQUAL: _("Changes arrive, and the contents equal the publisher's."),
    Cause.PUBLISHES: _("Published tables: %(about)s."),
    Cause.DIFFERENT: _("Changes arrive, but the contents differ from the publisher's."),
    Cause.DROPPED: _("What was set up has been dropped."),
    Cause.ERRORS: _("Changes of the publisher cannot be applied."),
    Cause.NO_WORKER: _("No process applies the publisher's changes."),
    Cause.RETRYING: _("Applying the publisher's changes fails and is tried again."),
    Cause.PUBLISHER_SILENT: _("The publisher's database does not answer."),
    Cause.SILENT: _("Nothing has come from the publisher for too long."),
    Cause.NO_ANSWER: _("The database does not answer: %(about)s"),
    Cause.UNREADABLE: _("The state of replication cannot be read: %(about)s"),
}


def cause_text(cause: Cause | None, about: str) -> str:
    if cause is None:
        return about
    return str(CAUSES[cause]) % {"about": about}
