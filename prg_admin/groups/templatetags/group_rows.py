"""The rows of the list of groups.

Made here and not by a template: a page has up to 100 of them, and each would resolve some thirty
template nodes. What all rows share (addresses, words, badges) is made once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from prg_admin.groups.listing import GROUPS, HA, GroupRow
from prg_admin.lib.finding.find import Found
from prg_admin.lib.templatetags.labels import state_badge

register = template.Library()


class _Shared:
    """What the rows of one page have in common."""

    def __init__(self) -> None:
        self._badges: dict[str, str] = {}
        self.ha = {value: escape(words) for value, words in HA.items()}

    @cached_property
    def cells(self) -> dict[str, str]:
        """The beginning of a cell, by the name of its column: on a phone it says its heading."""
        return {c.name: f' data-label="{escape(c.label)}">' for c in GROUPS.columns}

    @cached_property
    def group_base(self) -> str:
        return reverse("groups:group-list")

    @cached_property
    def node_base(self) -> str:
        return reverse("topology:node-list")

    @cached_property
    def select(self) -> str:
        return _("Select %(name)s")

    @cached_property
    def ha_is_off(self) -> str:
        return f'<span class="hint">{escape(_("High Availability is off"))}</span>'

    def badge(self, state: str) -> str:
        if state not in self._badges:
            self._badges[state] = state_badge(state)
        return self._badges[state]


@register.simple_tag
def group_table_rows(
    found: Found[Any], rows: Iterable[GroupRow], *, selectable: bool
) -> SafeString:
    """The rows of the table; with a box to tick for those who may delete, except on paper."""
    shared = _Shared()
    with_box = selectable and not found.is_print
    made = (_row(row, shared, selectable=with_box) for row in rows)
    return mark_safe("".join(made))  # noqa: S308 - every value was escaped


@register.simple_tag
def changed_states(rows: Iterable[GroupRow]) -> SafeString:
    """The cells of states alone, each put where it belongs."""
    shared = _Shared()
    made = (_states(row, shared, ' hx-swap-oob="true"') for row in rows)
    return mark_safe("".join(made))  # noqa: S308 - every value was escaped


def _row(row: GroupRow, shared: _Shared, *, selectable: bool) -> str:
    group, name = row.group, escape(row.group.name)
    box = ""
    if selectable:
        label = escape(shared.select % {"name": group.name})
        box = (
            f'<td class="check"><input type="checkbox" name="group" value="{group.pk}"'
            f' aria-label="{label}"></td>'
        )
    servers = ", ".join(
        f'<a href="{shared.node_base}{member.node_id}/">{escape(member.node.name)}</a>'
        for member in row.members
    )
    at = shared.cells
    return (
        f'<tr>{box}<th scope="row"><a href="{shared.group_base}{group.pk}/">{name}</a></th>'
        f"<td{at['description']}{escape(group.description)}</td>"
        f"<td{at['cluster']}{escape(group.cluster.name)}</td>"
        f"<td{at['server']}<span>{servers}</span></td>"
        f"<td{at['ha']}{shared.ha[group.ha_enabled]}</td>"
        f'<td class="num"{at["users"]}{intcomma(row.users)}</td>'
        f"<td{at['state']}{_states(row, shared)}</td></tr>\n"
    )


def _states(row: GroupRow, shared: _Shared, more: str = "") -> str:
    if row.group.ha_enabled:
        shown = " ".join(
            f'<span class="list-state">{escape(member.node.name)}: {shared.badge(member.state)}'
            "</span>"
            for member in row.members
        )
    else:
        shown = shared.ha_is_off
    return f'<span id="group-{row.group.pk}-states"{more}>{shown}</span>'
