"""What the engine says of itself, for pages of every app."""

from __future__ import annotations

from typing import Protocol

from django import template

from prg_admin.domain.facts import Pair
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.whynot import as_of, why_not
from prg_admin.lib.clock import steady_now
from prg_admin.lib.whynot import hindrance_text
from prg_admin.recovery.selectors import EngineHealth, engine_health
from prg_admin.recovery.sentences import rule_text

register = template.Library()


class Standing(Protocol):
    """What a group's page knows of it; ``groups.status.GroupStatus`` has it."""

    @property
    def pair(self) -> Pair: ...
    @property
    def settings(self) -> RecoverySettings: ...


@register.filter
def rule_words(rule: str) -> str:
    return rule_text(rule)


@register.simple_tag(takes_context=True)
def engine_now(context: template.Context) -> EngineHealth:
    """Looked up once for a page: its strip and its parts ask."""
    request = context.get("request")
    known: EngineHealth | None = getattr(request, "engine_health", None)
    if known is None:
        known = engine_health(now=steady_now())
        if request is not None:
            request.engine_health = known
    return known


@register.simple_tag(takes_context=True)
def hindrances(context: template.Context, status: Standing) -> list[str]:
    """Why no failover happens although something is wrong, in sentences."""
    now = steady_now()
    found = why_not(
        as_of(status.pair, now),
        settings=status.settings,
        now=now,
        blind=engine_now(context).is_blind,
    )
    return [hindrance_text(hindrance) for hindrance in found]
