"""Tags of the frame around every page."""

from __future__ import annotations

from functools import cache, lru_cache
from html.parser import HTMLParser

from django import template
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from prg_admin.lib.menu import Application, applications, current_application

register = template.Library()


class _Links(HTMLParser):
    """The links of a piece of a page: their addresses and words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._address: str | None = None
        self._words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address, self._words = dict(attrs).get("href"), ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._address is not None:
            self.found.append((self._address, " ".join(self._words.split())))
            self._address = None


@register.simple_tag(takes_context=True)
def related_links(context: template.Context) -> list[tuple[str, str]]:
    """Addresses and words of the links that the page wrote into its block "related"."""
    return _Links(block_again(context, "related")).found


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> SafeString:
    """The list of the applications, at the one that the page belongs to."""
    is_staff = bool(getattr(context["user"], "is_staff", False))
    here = current_application(context["request"].path)
    return _navigation(get_language(), _place(here), is_staff)


@register.simple_tag(takes_context=True)
def menu_bar(context: template.Context) -> SafeString:
    """The menus of the application that the page belongs to."""
    path = context["request"].path
    here = current_application(path)
    may_change = bool(getattr(context.get("may"), "change", False))
    entry = path if any(path == e.address for menu in here.menus for e in menu.entries) else ""
    return _menu_bar(get_language(), _place(here), entry, may_change)


def _place(here: Application) -> int:
    return next(i for i, app in enumerate(applications()) if app is here)


# The frame is the same on every page but for a few choices: it is rendered once for each of them.


@lru_cache(maxsize=64)
def _navigation(_language: str, here: int, is_staff: bool) -> SafeString:
    offered = [app for app in applications() if is_staff or not app.is_support]
    context = {"offered": offered, "here": applications()[here]}
    return render_to_string("_navigation.html", context)


@lru_cache(maxsize=256)
def _menu_bar(_language: str, here: int, path: str, may_change: bool) -> SafeString:
    context = {"here": applications()[here], "path": path, "may_change": may_change}
    return render_to_string("_menu.html", context)


@register.simple_tag(takes_context=True)
def block_again(context: template.Context, name: str) -> SafeString:
    """What a ``{% block %}`` holds, a second time: a page says its title once."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return SafeString(block.render(context)) if block else SafeString()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """A picture of the sprite, for eyes only; words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )
