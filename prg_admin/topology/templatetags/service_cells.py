"""What a table says of one service, without what can be done with it.

Made here and not by a template: the page of a group has a row for each of a dozen services.
"""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from prg_admin.lib.agent_words import agent_text
from prg_admin.lib.templatetags.labels import duration, service_badge
from prg_admin.topology.selectors import ServiceRow

register = template.Library()


@register.simple_tag
def service_cells(
    service: ServiceRow, time_left: Mapping[str, float | None] | None = None
) -> SafeString:
    """Name, status, process and up time; ``time_left``: seconds to a failover by service name."""
    pid = "" if service.pid is None else service.pid
    cells = (
        f'<th scope="row">{escape(service.name)}</th>'
        f'<td data-label="{escape(_("Status"))}">{service_badge(service.state)}'
        f"{_hints(service)}</td>"
        f'<td class="num" data-label="{escape(_("Process"))}">{pid}</td>'
        f'<td class="nowrap" data-label="{escape(_("Up or Down Time"))}">'
        f"{escape(_since_when(service))}{_fails_over(service, time_left)}</td>"
    )
    return mark_safe(cells)  # noqa: S308 - every value was escaped


def _hints(service: ServiceRow) -> str:
    hint = f'<div class="hint">{escape(agent_text(service.error))}</div>' if service.error else ""
    if not service.activated:
        return f'{hint}<div class="hint">{escape(_("Service Not Activated"))}</div>'
    if service.is_down and not service.wanted:
        return f'{hint}<div class="hint">{escape(_("stopped on request"))}</div>'
    return hint


def _since_when(service: ServiceRow) -> str:
    if service.is_running:
        return _("up %(up)s") % {"up": duration(service.up_s)}
    if service.down_s is None:
        return ""
    return _("down %(down)s") % {"down": duration(service.down_s)}


def _fails_over(service: ServiceRow, time_left: Mapping[str, float | None] | None) -> str:
    left = time_left.get(service.name) if time_left else None
    if left is None:
        return ""
    words = _("fails over in %(time)s") % {"time": duration(left)}
    return f'<div class="hint" data-time-left>{escape(words)}</div>'
