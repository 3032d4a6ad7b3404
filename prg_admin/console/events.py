"""The columns of the list of events, and what the picture of a group's past needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.lib.finding.columns import Column, Listing
from prg_admin.lib.labels import reason_text, state_label
from prg_admin.recovery.explained import Explained
from prg_admin.recovery.history import NodePast, Past, Span
from prg_admin.recovery.sentences import RULES

HOURS = {
    1: gettext_lazy("1 hour"),
    6: gettext_lazy("6 hours"),
    24: gettext_lazy("24 hours"),
    168: gettext_lazy("7 days"),
}
DEFAULT_HOURS = 24
EARLIEST = 946_684_800
"""2000-01-01, in seconds since 1970: nothing is older."""


def states_in_words(explained: Explained) -> str:
    pieces = (
        f"{c.node}: {state_label(c.state).text}, {reason_text(c.reason)}" for c in explained.changes
    )
    return "; ".join(pieces)


EVENTS = Listing(
    "events",
    sort="-time",
    columns=(
        Column("time", gettext_lazy("Time"), sort=("at", "id"), value=lambda e: e.event.at),
        Column(
            "group",
            gettext_lazy("Presence Redundancy Group"),
            find="group_name",
            sort=Lower("group_name"),
            value=lambda e: e.event.group_name,
        ),
        Column(
            "rule",
            gettext_lazy("What happened"),
            find="rule",
            choices=RULES,
            sort="rule",
            value=lambda e: e.text,
        ),
        Column("states", gettext_lazy("States after it"), value=states_in_words),
        Column(
            "by",
            gettext_lazy("By"),
            find="actor",
            sort=Lower("actor"),
            value=lambda e: e.event.actor,
        ),
        Column(
            "comment",
            gettext_lazy("Comment"),
            find="comment",
            value=lambda e: e.event.comment,
            is_shown=False,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a picture shows; what is asked for and is none counts as the latest."""

    hours: int
    begin: datetime
    end: datetime
    now: datetime

    @property
    def is_latest(self) -> bool:
        return self.end == self.now

    @property
    def earlier(self) -> int:
        return int((self.end - timedelta(hours=self.hours)).timestamp())

    @property
    def later(self) -> int:
        return int((self.end + timedelta(hours=self.hours)).timestamp())


def window_of(hours: str, until: str, *, now: datetime) -> Window:
    wide = next((h for h in HOURS if str(h) == hours), DEFAULT_HOURS)
    is_moment = until.isascii() and until.isdigit() and len(until) <= len(str(10**10))
    moment = int(until) if is_moment else 0
    asked = EARLIEST <= moment < now.timestamp()
    end = datetime.fromtimestamp(moment, tz=now.tzinfo) if asked else now
    return Window(wide, end - timedelta(hours=wide), end, now)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table that says what the picture shows."""

    node: str
    span: Span


def rows_of(past: Past) -> list[Row]:
    rows = [Row(node.name, span) for node in past.nodes for span in node.spans]
    return sorted(rows, key=lambda row: (row.span.begin, row.node), reverse=True)


@dataclass(frozen=True, slots=True)
class Hour:
    """The heartbeats of one hour."""

    at: datetime
    cells: tuple[tuple[float | None, int], ...]
    """Per node: the longest round trip in ms, and how many heartbeats had no answer."""


def hours_of(past: Past) -> list[Hour]:
    by_node = [_by_hour(node) for node in past.nodes]
    hours = sorted({hour for points in by_node for hour in points}, reverse=True)
    return [Hour(at, tuple(_cell(points.get(at, [])) for points in by_node)) for at in hours]


def _by_hour(node: NodePast) -> dict[datetime, list[float | None]]:
    found: dict[datetime, list[float | None]] = {}
    for point in node.points:
        found.setdefault(_hour(point.at), []).append(point.rtt_ms)
    return found


def _cell(points: list[float | None]) -> tuple[float | None, int]:
    answered = [rtt for rtt in points if rtt is not None]
    return max(answered, default=None), len(points) - len(answered)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def picture_of(past: Past) -> dict[str, Any]:
    """For the script of the page: seconds since 1970, and every word it shows."""
    return {
        "begin": past.begin.timestamp(),
        "end": past.end.timestamp(),
        "nodes": [
            {"name": node.name, "spans": list(_spans(node)), "points": list(_points(node))}
            for node in past.nodes
        ],
        "words": {
            "ms": _("ms"),
            "time": _("Time"),
            "roundTrip": _("Round trip"),
            "noAnswer": _("no answer"),
            "states": _("States"),
        },
    }


def _spans(node: NodePast) -> Iterator[dict[str, Any]]:
    for span in node.spans:
        label = state_label(span.state)
        yield {
            "begin": span.begin.timestamp(),
            "end": span.end.timestamp(),
            "label": f"{label.icon} {label.text}",
            "reason": reason_text(span.reason),
            "colour": label.colour,
        }


def _points(node: NodePast) -> Iterator[tuple[float, float | None]]:
    for point in node.points:
        yield point.at.timestamp(), point.rtt_ms
