"""Tags of Find and List."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prg_admin.lib.finding.find import Criterion, Found, Heading

register = template.Library()

SIGNS = {"": "", "ascending": "▲", "descending": "▼"}


@register.simple_tag
def list_headings(found: Found[Any]) -> SafeString:
    """The cells of the heading; those that sort are links, except on paper."""
    return format_html_join("", "{}", ((_heading(h, found),) for h in found.headings))


def _heading(heading: Heading, found: Found[Any]) -> SafeString:
    label = heading.column.label
    words: SafeString | str = format_html("{}", label)
    if heading.query or heading.aria_sort:
        words = format_html(
            '<a class="sort" href="?{}">{}<span class="sort__sign" aria-hidden="true">{}'
            "</span></a>",
            heading.query,
            label,
            SIGNS[heading.aria_sort],
        )
    return format_html(
        '<th scope="col"{}{}>{}</th>',
        SafeString(' class="num"' if heading.column.is_number else ""),
        format_html(' aria-sort="{}"', heading.aria_sort) if heading.aria_sort else "",
        label if found.is_print else words,
    )


@register.simple_tag
def criterion_options(found: Found[Any], criterion: Criterion) -> dict[str, SafeString]:
    """The options of both drop-downs of one criterion."""
    fields = ((column.name, column.label) for column in found.fields)
    return {
        "fields": _options(fields, criterion.column.name),
        "operators": _options(found.operators.items(), criterion.operator),
    }


@register.simple_tag
def found_words(found: Found[Any]) -> str:
    """The criteria in words, for paper: there the form is not shown."""
    said = [criterion.words for criterion in found.criteria if not criterion.is_plain]
    return _(" and ").join(said)


def _options(choices: Any, chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (str(value), SafeString(" selected") if value == chosen else "", words)
            for value, words in choices
        ),
    )
