"""An event as a person reads it: the rule's condition, what it looked at, and what it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from prg_admin.domain.states import NodeState, Role
from prg_admin.domain.transitions import ROWS, When
from prg_admin.domain.transitions import Row as TableRow
from prg_admin.recovery.models import Event
from prg_admin.recovery.sentences import condition_text, rule_text, value_line

BY_RULE = {row.rule: row for row in ROWS}
ABOUT_B = frozenset(
    {When.SERVICES_DOWN_B_A_READY, When.DATABASE_DOWN_B_A_READY, When.UNFIT_B, When.GONE_B}
)
"""Conditions whose values name B."""


@dataclass(frozen=True, slots=True)
class Change:
    """A node before and after the event."""

    node: str
    state: str
    reason: str
    was_state: str
    was_reason: str
    ordered: str
    was_ordered: str

    @property
    def moved(self) -> bool:
        return (self.state, self.reason) != (self.was_state, self.was_reason)

    @property
    def is_reordered(self) -> bool:
        return self.ordered != self.was_ordered


@dataclass(frozen=True, slots=True)
class Explained:
    event: Event
    text: str
    condition: str
    """Empty for a rule that is no row of the table."""
    values: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def is_of_engine(self) -> bool:
        return self.event.actor == "engine"


def explained(event: Event) -> Explained:
    row = BY_RULE.get(event.rule)
    return Explained(
        event=event,
        text=rule_text(event.rule),
        condition=_condition(row, event) if row else "",
        values=tuple(_lines(event.values)),
        changes=tuple(map(_change, event.before, event.after)),
    )


def _change(before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    return Change(
        node=after["node"],
        state=after["state"],
        reason=after["reason"],
        was_state=before["state"],
        was_reason=before["reason"],
        ordered=after["ordered"],
        was_ordered=before["ordered"],
    )


def _condition(row: TableRow, event: Event) -> str:
    a, b = _names(row, event)
    return condition_text(row.when, a=a, b=b)


def _names(row: TableRow, event: Event) -> tuple[str, str]:
    """Which node the row's A was: by the values where they name one, else by the states before."""
    ways = [tuple(event.before), tuple(reversed(event.before))]
    named = event.values.get("node")
    place = 1 if row.when in ABOUT_B else 0
    if named:
        ways = [way for way in ways if way[place]["node"] == named] or ways
    way = next((way for way in ways if _fits(row, *way)), ways[0])
    return way[0]["node"], way[1]["node"]


def _fits(row: TableRow, a: Mapping[str, str], b: Mapping[str, str]) -> bool:
    if NodeState(a["state"]) not in row.a or NodeState(b["state"]) not in row.b:
        return False
    return row.target_a is None or Role(a["target"]) is row.target_a


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    """One line for each value; what belongs to one node of several stands behind its name."""
    for key, value in values.items():
        if key == "nodes" and isinstance(value, list):
            for part in value:
                yield from _lines(part)
        elif isinstance(value, Mapping):
            for name, one in value.items():
                yield value_line(key, one, about=str(name))
        elif value is not None and value != "":
            yield value_line(key, value)
    if not values:
        yield _("Nothing else was looked at.")
