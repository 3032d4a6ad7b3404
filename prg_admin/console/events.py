"""The columns of the list of events, and what the picture of a group's past needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models.functions import Lower
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.lib.finding.columns import Column, Listing, Operator
from prg_admin.lib.finding.find import LONGEST_TEXT
from prg_admin.lib.finding.moments import NoMomentError, read_moment, written
from prg_admin.lib.labels import reason_text, state_label
from prg_admin.recovery.explained import Explained
from prg_admin.recovery.history import NodePast, Past, Span
from prg_admin.recovery.sentences import RULES

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HOURS = {
    1: gettext_lazy("1 hour"),
    6: gettext_lazy("6 hours"),
    24: gettext_lazy("24 hours"),
    168: gettext_lazy("7 days"),
}
DEFAULT_HOURS = 24
LONGEST = timedelta(days=400)
"""Of a picture."""
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
        Column(
            "time",
            gettext_lazy("Time"),
            find="at",
            is_time=True,
            sort=("at", "id"),
            value=lambda e: e.event.at,
        ),
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

    hours: float
    begin: datetime
    end: datetime
    now: datetime
    since: str = ""
    """As it was written; empty: ``hours`` before the end."""
    to: str = ""
    problems: tuple[str, ...] = ()

    @property
    def is_latest(self) -> bool:
        return self.end == self.now

    @property
    def span(self) -> tuple[str, str]:
        """What the fields show: as it was written, else in the form that is read."""
        return self.since or written(self.begin), self.to or written(self.end)

    @property
    def earlier(self) -> str:
        return self._moved(-1)

    @property
    def later(self) -> str:
        return self._moved(1)

    @property
    def latest(self) -> str:
        """The query of as much time until now; of a span that was written, of the usual time."""
        return "" if self.since or self.to else urlencode({"hours": self.hours})

    def _moved(self, times: int) -> str:
        """The query of as much time before or after this."""
        by = times * timedelta(hours=self.hours)
        if self.since or self.to:
            span = {"from": written(self.begin + by), "to": written(self.end + by)}
            return urlencode(span)
        return urlencode({"hours": self.hours, "until": int((self.end + by).timestamp())})


def span_of(since: str, to: str, *, now: datetime) -> Window:
    """From one moment to another, as people write them; what is wrong is said and left out."""
    problems: list[str] = []
    begin = _read(since, gettext_lazy("Begin"), problems, is_end=False)
    end = min(_read(to, gettext_lazy("End"), problems, is_end=True) or now, now)
    begin = begin or end - timedelta(hours=DEFAULT_HOURS)
    if begin >= end:
        said = _("The time from %(begin)s to %(end)s is empty: nothing can be shown of it.")
        problems.append(said % {"begin": written(begin), "end": written(end)})
        begin = end - timedelta(hours=DEFAULT_HOURS)
    if end - begin > LONGEST:
        problems.append(_("At most %(days)s days are shown at a time.") % {"days": LONGEST.days})
        begin = end - LONGEST
    hours = (end - begin) / timedelta(hours=1)
    return Window(hours, begin, end, now, since, to, tuple(problems))


def _read(text: str, label: _StrPromise, problems: list[str], *, is_end: bool) -> datetime | None:
    try:
        return read_moment(text[:LONGEST_TEXT], is_end=is_end) if text.strip() else None
    except NoMomentError as error:
        problems.append(f"{label}: {error}")
        return None


def window_of(hours: str, until: str, *, now: datetime) -> Window:
    wide = next((h for h in HOURS if str(h) == hours), DEFAULT_HOURS)
    is_moment = until.isascii() and until.isdigit() and len(until) <= len(str(10**10))
    moment = int(until) if is_moment else 0
    asked = EARLIEST <= moment < now.timestamp()
    end = datetime.fromtimestamp(moment, tz=now.tzinfo) if asked else now
    return Window(wide, end - timedelta(hours=wide), end, now)


def listed(group: str, window: Window) -> str:
    """The query of the list with what happened to the group in this time."""
    criteria = [("group", Operator.IS_EXACTLY, group)]
    criteria.append(("time", Operator.FROM, written(window.begin)))
    if not window.is_latest:
        criteria.append(("time", Operator.TO, written(window.end)))
    names = ("field", "operator", "text")
    return urlencode([pair for c in criteria for pair in zip(names, c, strict=True)])


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
        "zone": get_current_timezone_name(),
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
