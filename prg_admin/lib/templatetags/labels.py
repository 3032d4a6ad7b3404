"""Template tags for badges, reasons, durations and sentences."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _

from prg_admin.domain.assignment import Survivor
from prg_admin.domain.preflight import Condition
from prg_admin.lib import capacity, labels, preflight, sentences
from prg_admin.lib.agent_words import agent_text

register = template.Library()


class Silent(Protocol):
    """What a sentence about an unreachable node needs; ``topology.selectors.NodeStatus`` has it."""

    @property
    def name(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def silence_s(self) -> float | None: ...


MINUTE, HOUR, DAY = 60, 3600, 86400


def badge(label: labels.Label, value: str) -> SafeString:
    """Same markup as ``_node_state.html``; ``value`` is for tests and scripts."""
    return _badge(label.colour, value, label.icon, str(label.text))


@lru_cache(maxsize=512)
def _badge(colour: str, value: str, icon: str, words: str) -> SafeString:
    return format_html(
        '<span class="state state--{}" data-state="{}">'
        '<span class="state__icon" aria-hidden="true">{}</span>{}</span>',
        colour,
        value,
        icon,
        words,
    )


@register.simple_tag
def state_badge(state: str) -> SafeString:
    return badge(labels.state_label(state), state)


@register.simple_tag
def service_badge(state: str) -> SafeString:
    return badge(labels.service_state_label(state), state)


@register.filter
def survivor_text(survivor: Survivor) -> str:
    return capacity.survivor_text(survivor)


@register.filter
def either_text(survivor: Survivor) -> str:
    return capacity.either_text(survivor)


@register.filter
def agent_words(said: str) -> str:
    return agent_text(said)


@register.simple_tag
def reach_badge(reachable: bool, heard: object) -> SafeString:
    """``heard``: anything false when the node was never heard."""
    if not heard:
        return badge(labels.NEVER_HEARD, "never-heard")
    if reachable:
        return badge(labels.REACHABLE, "reachable")
    return badge(labels.UNREACHABLE, "unreachable")


@register.simple_tag
def heard_badge(value: str) -> SafeString:
    """``heard``, ``suspect``, ``never`` or ``unknown``."""
    return badge(labels.HEARD[value], value)


@register.filter
def call_error(kind: str) -> str:
    """Why a call failed, in a few words."""
    return sentences.call_error_text(kind)


@register.filter
def reason_label(reason: str) -> str:
    return labels.reason_text(reason)


@register.filter
def condition_words(condition: Condition) -> str:
    return preflight.condition_text(condition)


@register.filter
def role_label(role: str) -> str:
    return labels.role_text(role)


@register.filter
def limitation_label(limitation: str) -> str:
    return sentences.limitation_text(limitation)


@register.filter
def unreachable_text(status: Silent) -> str:
    why = sentences.agent_error_text(status.error or "timeout", node=status.name)
    last = _("Last heard %(time)s ago; what stands below is from then.")
    return f"{why} {last % {'time': duration(status.silence_s)}}"


@register.filter
def duration(seconds: float | None) -> str:
    """``3 h 5 min``; two units are enough to read."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return _("%(s)s s") % {"s": whole}
    if whole < HOUR:
        return _("%(min)s min %(s)s s") % {"min": whole // MINUTE, "s": whole % MINUTE}
    if whole < DAY:
        return _("%(h)s h %(min)s min") % {"h": whole // HOUR, "min": whole % HOUR // MINUTE}
    return _("%(d)s d %(h)s h") % {"d": whole // DAY, "h": whole % DAY // HOUR}


@register.filter
def seconds(amount: float) -> str:
    """``91.3 s``: exact, for figures that are compared."""
    return _("%(s)s s") % {"s": f"{round(amount, 1):g}"}


@register.filter
def since(moment: datetime | None) -> str:
    return "" if moment is None else duration((now() - moment).total_seconds())


@register.filter
def clock(seconds: float | None) -> str:
    """``1:05:09`` or ``5:09``: what a countdown shows, and its script goes on with."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
