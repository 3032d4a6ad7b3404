"""One view serves a page and its live parts: the whole page, or the fragment htmx asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def is_fragment_request(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; a boosted link wants the whole page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def wanted_fragment(request: HttpRequest, fragments: Collection[str]) -> str | None:
    """Name of the fragment asked for, only if the view offers it.

    ``?fragment=`` counts before the id of the element that htmx is about to replace.
    """
    if not is_fragment_request(request):
        return None
    for name in (request.GET.get("fragment"), request.headers.get("HX-Target")):
        if name in fragments:
            return name
    return None


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragments: Collection[str] = (),
    status: int | None = None,
) -> HttpResponse:
    """Render ``template``, or ``template#fragment`` when htmx asks for one of ``fragments``."""
    fragment = wanted_fragment(request, fragments)
    name = f"{template}#{fragment}" if fragment else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response
