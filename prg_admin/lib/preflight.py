"""What is checked before High Availability is enabled, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prg_admin.domain.preflight import Check, Condition
from prg_admin.lib.sentences import call_error_text

MET: dict[Check, Promise] = {
    Check.REACHABLE: _("%(node)s answers."),
    Check.SERVICES: _("All critical services of %(node)s run."),
    Check.DATABASE: _("The database of %(node)s answers."),
    Check.REPLICATION: _("Replication of %(node)s: %(value)s, good."),
    Check.VERSION: _("%(node)s runs version %(version)s, as its peer."),
}
BROKEN: dict[Check, Promise] = {
    Check.REACHABLE: _("%(node)s does not answer (%(error)s)."),
    Check.SERVICES: _("Not running on %(node)s: %(services)s."),
    Check.DATABASE: _("The database of %(node)s does not answer."),
    Check.REPLICATION: _("Replication of %(node)s: %(value)s, and 2 (good) is wanted."),
    Check.VERSION: _("%(node)s runs version %(version)s, its peer another one."),
}
OPEN: dict[Check, Promise] = {
    Check.REACHABLE: _("%(node)s was never heard."),
    Check.SERVICES: _("Services of %(node)s: not known, it does not answer."),
    Check.DATABASE: _("Database of %(node)s: not known."),
    Check.REPLICATION: _("Replication of %(node)s: not monitored."),
    Check.VERSION: _("Version of %(node)s: not compared, one was never heard."),
}
NOT_READABLE = _("not readable")


def condition_text(condition: Condition) -> str:
    texts = {True: MET, False: BROKEN, None: OPEN}[condition.is_met]
    values: dict[str, object] = {"value": NOT_READABLE, **condition.values}
    values["node"] = condition.node
    if "error" in values:
        values["error"] = call_error_text(str(values["error"]))
    return str(texts[condition.check]) % values
