"""No view without an access rule: one left out by mistake stops the start, not a stranger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import getclosurevars
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver

from prg_admin.accounts.access import MARK, SAFE, Rule
from prg_admin.accounts.models import Role

# The Django admin guards itself; static files are public.
EXEMPT_MODULES = ("django.contrib.admin.", "django.views.static", "django.contrib.staticfiles.")
View = Callable[..., Any]


def views_are_guarded(**_kwargs: Any) -> list[CheckMessage]:
    return list(unguarded(get_resolver().url_patterns))


def unguarded(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[CheckMessage]:
    """An error for every view below ``patterns`` whose mark is missing or too weak."""
    for place in all_places(patterns):
        if not place.view.__module__.startswith(EXEMPT_MODULES):
            yield from _errors(place.address, place.view)


@dataclass(frozen=True, slots=True)
class Place:
    address: str
    """As the patterns spell it, e.g. ``/system/servers/<int:pk>/``."""
    namespace: str
    pattern: URLPattern

    @property
    def view(self) -> View:
        return self.pattern.callback


def all_places(
    patterns: Iterable[URLPattern | URLResolver], prefix: str = "/", namespace: str = ""
) -> Iterator[Place]:
    """Every view with its address; the Django admin is left out."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Place(address, namespace, pattern)
        elif pattern.app_name != "admin":
            inner = pattern.namespace or namespace
            yield from all_places(pattern.url_patterns, address, inner)


def rule_of(view: View) -> Rule | None:
    return getattr(view, MARK, None)


def methods_of(view: View) -> frozenset[str] | None:
    """What ``require_http_methods`` and its like let through; None when nothing is named."""
    inner: View | None = view
    while inner is not None:
        methods = getclosurevars(inner).nonlocals.get("request_method_list")
        if methods is not None:
            return frozenset(methods)
        inner = getattr(inner, "__wrapped__", None)
    return None


def _errors(address: str, view: View) -> Iterator[CheckMessage]:
    rule, methods = rule_of(view), methods_of(view)
    if rule is None:
        yield _error(
            "E001",
            f"The view at {address} says nothing about who may call it.",
            "Decorate it with one of the marks of accounts.access.",
            view,
        )
    elif methods is None:
        yield _error(
            "E002",
            f"The view at {address} says nothing about its methods.",
            "Decorate it with @require_safe, @require_POST or @require_http_methods.",
            view,
        )
    elif not rule.is_public and methods - SAFE and _is_too_weak(rule):
        yield _error(
            "E003",
            f"The view at {address} takes {', '.join(sorted(methods - SAFE))} from people who may "
            "only read.",
            "Decorate it with a mark that names who may change, or with @oneself.",
            view,
        )


def _is_too_weak(rule: Rule) -> bool:
    return rule.change in (None, Role.READ_ONLY) and not rule.is_own


def _error(code: str, text: str, hint: str, view: View) -> CheckMessage:
    name = f"{view.__module__}.{getattr(view, '__qualname__', '?')}"
    return Error(text, hint=hint, obj=name, id=f"accounts.{code}")
