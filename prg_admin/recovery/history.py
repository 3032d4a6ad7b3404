"""The past of a group: which state each node was in from when to when, and its heartbeats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery.models import Event, RoundTrip

MOST_EVENTS = 2000
MOST_POINTS = 1500
"""Of one line; more would be narrower than a pixel."""


@dataclass(frozen=True, slots=True)
class Span:
    """A node was in one state all the time."""

    state: str
    reason: str
    begin: datetime
    end: datetime
    event_id: int | None = None
    """Of the event that left the node so; None when that is older than all that is kept."""

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    rtt_ms: float | None
    """The longest of what falls together; None where a heartbeat had no answer."""


@dataclass
class NodePast:
    name: str
    node_id: int | None = None
    """None for a node that is no member any more."""
    spans: list[Span] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    @property
    def answered(self) -> list[float]:
        return [point.rtt_ms for point in self.points if point.rtt_ms is not None]

    @property
    def unanswered(self) -> int:
        return len(self.points) - len(self.answered)

    @property
    def least_ms(self) -> float | None:
        return min(self.answered, default=None)

    @property
    def mean_ms(self) -> float | None:
        return fmean(self.answered) if self.answered else None

    @property
    def most_ms(self) -> float | None:
        return max(self.answered, default=None)


@dataclass
class Past:
    begin: datetime
    end: datetime
    nodes: list[NodePast]
    is_cut: bool = False
    """Whether there were more events than are looked at; the oldest are missing."""


def past_of_group(group: PresenceRedundancyGroup, *, begin: datetime, end: datetime) -> Past:
    """Four queries. ``end`` is not after now."""
    members = list(group.members.select_related("node").order_by("position"))
    nodes = {m.node.name: NodePast(m.node.name, m.node_id) for m in members}
    current = [{"node": m.node.name, "state": m.state, "reason": m.reason} for m in members]
    events, is_cut = _events(group.pk, begin, end)
    opened = _states_at(group.pk, begin, events, current)
    for event in events:
        _close(nodes, opened, event)
    for name, span in opened.items():
        _keep(nodes, name, replace(span, end=end))
    _add_points(nodes, begin, end)
    return Past(begin, end, list(nodes.values()), is_cut)


def _events(group_id: int, begin: datetime, end: datetime) -> tuple[list[Event], bool]:
    found = Event.objects.filter(group_id=group_id, at__gt=begin, at__lte=end)
    newest = list(found.only("at", "before", "after").order_by("-version")[: MOST_EVENTS + 1])
    return newest[:MOST_EVENTS][::-1], len(newest) > MOST_EVENTS


def _states_at(
    group_id: int, begin: datetime, events: list[Event], current: list[dict[str, str]]
) -> dict[str, Span]:
    """The state of each node when the time begins: as an event left it, or as one found it."""
    earlier = Event.objects.filter(group_id=group_id, at__lte=begin)
    last = earlier.only("after").order_by("-version").first()
    if last is not None:
        return _begun(last.after, begin, last.pk)
    return _begun(events[0].before if events else current, begin, None)


def _begun(
    states: Iterable[Mapping[str, Any]], at: datetime, event_id: int | None
) -> dict[str, Span]:
    return {s["node"]: Span(s["state"], s["reason"], at, at, event_id) for s in states}


def _close(nodes: dict[str, NodePast], opened: dict[str, Span], event: Event) -> None:
    """Ends the spans of nodes that changed or left, and begins those that follow."""
    now = _begun(event.after, event.at, event.pk)
    for name, span in list(opened.items()):
        follower = now.pop(name, None)
        if follower and (follower.state, follower.reason) == (span.state, span.reason):
            continue
        _keep(nodes, name, replace(span, end=event.at))
        del opened[name]
        if follower:
            opened[name] = follower
    opened.update(now)


def _keep(nodes: dict[str, NodePast], name: str, span: Span) -> None:
    if span.end > span.begin:
        nodes.setdefault(name, NodePast(name)).spans.append(span)


def _add_points(nodes: dict[str, NodePast], begin: datetime, end: datetime) -> None:
    by_id = {past.node_id: past for past in nodes.values() if past.node_id}
    found = RoundTrip.objects.filter(node__in=by_id, at__gte=begin, at__lte=end).order_by("at")
    step = max(timedelta(minutes=1), (end - begin) / MOST_POINTS)
    for node_id, at, rtt in found.values_list("node_id", "at", "rtt_ms"):
        points = by_id[node_id].points
        if points and at < points[-1].at + step:
            points[-1] = Point(points[-1].at, _longer(points[-1].rtt_ms, rtt))
        else:
            points.append(Point(at, rtt))


def _longer(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)
