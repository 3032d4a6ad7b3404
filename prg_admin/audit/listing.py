"""The columns of the audit log, and the values of its entries in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.audit.models import Action, Entry, Kind
from prg_admin.lib.finding.columns import Column, Listing
from prg_admin.lib.sentences import field_label


@dataclass(frozen=True, slots=True)
class Value:
    field: str
    before: str
    after: str


def values_of(entry: Entry) -> list[Value]:
    """What differs; fields without words of their own keep their names."""
    return [
        Value(_label(f), shown(entry.before.get(f)), shown(entry.after.get(f)))
        for f in {**entry.before, **entry.after}
    ]


def _label(field: str) -> str:
    # What stands in the log is a label already, of a parameter, or the name of a field.
    return _(field) if " " in field else field_label(field)


def in_one_line(entry: Entry) -> str:
    """For the file: ``name: a -> b; description: -> c``."""
    return "; ".join(f"{v.field}: {v.before} -> {v.after}" for v in values_of(entry))


def shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return str(value)


ENTRIES = Listing(
    "audit-log",
    sort="-time",
    columns=(
        Column(
            "time",
            gettext_lazy("Time"),
            find="at",
            is_time=True,
            sort="at",
            value=lambda entry: entry.at,
        ),
        Column(
            "who",
            gettext_lazy("Who"),
            find="actor",
            sort=Lower("actor"),
            value=lambda entry: entry.actor,
        ),
        Column(
            "address",
            gettext_lazy("From"),
            find="address",
            is_text=False,
            sort="address",
            value=lambda entry: entry.address,
        ),
        Column(
            "action",
            gettext_lazy("Action"),
            find="action",
            choices=dict(Action.choices),
            sort="action",
            value=lambda entry: entry.get_action_display(),
        ),
        Column(
            "kind",
            gettext_lazy("Kind"),
            find="kind",
            choices=dict(Kind.choices),
            sort="kind",
            value=lambda entry: entry.get_kind_display(),
        ),
        Column(
            "object",
            gettext_lazy("Object"),
            find="name",
            sort=Lower("name"),
            value=lambda entry: entry.name,
        ),
        Column("values", gettext_lazy("Values before and after"), value=in_one_line),
    ),
)
