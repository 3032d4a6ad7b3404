"""No view without an access rule: one left out by mistake stops the start, not a stranger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver

from prg_admin.accounts.access import MARK

# The Django admin guards itself; static files are public.
EXEMPT_MODULES = ("django.contrib.admin.", "django.views.static", "django.contrib.staticfiles.")


def views_are_guarded(**_kwargs: Any) -> list[CheckMessage]:
    return list(unguarded(get_resolver().url_patterns))


def unguarded(
    patterns: Iterable[URLPattern | URLResolver], prefix: str = "/"
) -> Iterator[CheckMessage]:
    """An error for every view below ``patterns`` that carries no mark of ``accounts.access``."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from unguarded(pattern.url_patterns, address)
        elif not _is_marked(pattern.callback):
            yield Error(
                f"The view at {address} says nothing about who may call it.",
                hint="Decorate it with @signed_in or @anonymous_allowed of accounts.access.",
                obj=_name(pattern.callback),
                id="accounts.E001",
            )


def _name(view: Callable[..., Any]) -> str:
    return f"{view.__module__}.{getattr(view, '__qualname__', '?')}"


def _is_marked(view: Callable[..., Any]) -> bool:
    return hasattr(view, MARK) or view.__module__.startswith(EXEMPT_MODULES)
