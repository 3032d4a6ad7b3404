"""Whether a link may be offered, for pages whose links are data."""

from __future__ import annotations

from urllib.parse import urlsplit

from django import template
from django.urls import Resolver404, resolve

from prg_admin.accounts.access import MARK
from prg_admin.accounts.models import User

register = template.Library()


@register.filter
def may_open(user: object, address: str) -> bool:
    """``{% if user|may_open:check.link %}``: whether the page there would let this person in."""
    try:
        rule = getattr(resolve(urlsplit(address).path).func, MARK, None)
    except Resolver404:
        return True
    if rule is None or rule.is_public:
        return True
    return isinstance(user, User) and rule.read is not None and user.may(rule.read)
