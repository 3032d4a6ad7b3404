"""Alarms in words, in the reader's language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from prg_admin.domain.states import Reason
from prg_admin.lib.labels import reason_text
from prg_admin.notify.models import Alarm, Name


def alarm_text(alarm: Alarm) -> str:
    # An alarm of another release may lack a value; it is told all the same.
    words = defaultdict(lambda: "-", alarm.parameters, Reason=_reason(alarm.parameters))
    return _template(alarm.name) % words


def _template(name: str) -> str:
    if name == Name.SRM_FAILOVER:
        return _(
            "%(ToNode)s takes the users of %(FromNode)s over (group %(Group)s, %(Reason)s). "
            "Check %(FromNode)s and its critical services."
        )
    if name == Name.SRM_FAILED:
        return _(
            "Group %(Group)s runs in failed mode (%(Reason)s): no node takes users over. "
            "Check both nodes, then use Recover."
        )
    if name == Name.INVARIANT_BROKEN:
        return _("The engine found that it broke its own rule %(Invariant)s in group %(Group)s.")
    if name == Name.DUPLICATE_NODE:
        return _(
            "Two machines claim to be %(Node)s. The one that was known first goes on; the other "
            "serves nobody. Stop the other, then restart the agent of the first."
        )
    return _("A test of the channel %(Channel)s, asked for by %(By)s. Nothing has happened.")


def _reason(parameters: Mapping[str, Any]) -> str:
    reason = parameters.get("Reason", "")
    return reason_text(reason) if reason in set(Reason) else str(reason)
