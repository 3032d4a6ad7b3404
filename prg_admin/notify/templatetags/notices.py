from __future__ import annotations

from django import template

from prg_admin.notify import selectors
from prg_admin.notify.models import Channel

register = template.Library()


@register.simple_tag
def failing_channels() -> list[Channel]:
    return selectors.failing_channels()
