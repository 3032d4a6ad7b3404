"""Tags of the frame around every page."""

from __future__ import annotations

from html.parser import HTMLParser

from django import template
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
def application_here(context: template.Context) -> Application:
    """The one of the Navigation list that the page belongs to."""
    return current_application(context["request"].path)


@register.simple_tag
def applications_for(user: object) -> list[Application]:
    """Those of the Navigation list; support is for staff alone."""
    is_staff = getattr(user, "is_staff", False)
    return [app for app in applications() if is_staff or not app.is_support]


@register.simple_tag(takes_context=True)
def block_again(context: template.Context, name: str) -> SafeString:
    """What a ``{% block %}`` holds, a second time: a page says its title once."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return SafeString(block.render(context)) if block else SafeString()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture of the sprite, for eyes only; words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )
