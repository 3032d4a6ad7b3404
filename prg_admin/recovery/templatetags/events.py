"""Template filters for events."""

from __future__ import annotations

from typing import Any

from django import template

from prg_admin.recovery import sentences
from prg_admin.recovery.models import Event

register = template.Library()


@register.filter
def rule_text(event: Event) -> str:
    return sentences.rule_text(event.rule)


@register.filter
def nodes_after(event: Event) -> list[dict[str, Any]]:
    """Per node: name, state and reason after the change, and whether it moved."""
    pairs = zip(event.before, event.after, strict=True)
    return [{**after, "moved": before != after} for before, after in pairs]
