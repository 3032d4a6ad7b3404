"""Draws the plain controls of forms without templates.

Django renders a text field through three templates and a drop-down list through two more for each
option. What comes out here is the same, character by character but for white space; controls that
are not known here go to Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


class Renderer(DjangoTemplates):
    """Named in ``settings.FORM_RENDERER``."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> SafeString:
        draw = DRAWN.get(template_name)
        if draw is None:
            return SafeString(super().render(template_name, context, request))
        return SafeString("".join(draw(context["widget"])))


def _input(widget: Mapping[str, Any]) -> Iterator[str]:
    yield f'<input type="{escape(widget["type"])}" name="{escape(widget["name"])}"'
    if widget["value"] is not None:
        yield f' value="{escape(str(widget["value"]))}"'
    yield from _attributes(widget["attrs"])
    yield ">"


def _select(widget: Mapping[str, Any]) -> Iterator[str]:
    yield f'<select name="{escape(widget["name"])}"'
    yield from _attributes(widget["attrs"])
    yield ">"
    for group, options, _index in widget["optgroups"]:
        if group:
            yield f'<optgroup label="{escape(group)}">'
        for option in options:
            yield f'<option value="{escape(str(option["value"]))}"'
            yield from _attributes(option["attrs"])
            yield f">{conditional_escape(option['label'])}</option>"
        if group:
            yield "</optgroup>"
    yield "</select>"


def _attributes(attributes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in attributes.items():
        if value is True:
            yield f" {escape(name)}"
        elif value is not False:
            yield f' {escape(name)}="{conditional_escape(str(value))}"'


WIDGETS = "django/forms/widgets"
DRAWN: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    f"{WIDGETS}/text.html": _input,
    f"{WIDGETS}/number.html": _input,
    f"{WIDGETS}/hidden.html": _input,
    f"{WIDGETS}/checkbox.html": _input,
    f"{WIDGETS}/select.html": _select,
}
