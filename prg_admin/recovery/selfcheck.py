"""The running engine judges its own work: new events, and who serves whom by the latest reports.

What the random lives of the tests are judged by (``domain.invariants``) judges each decision here,
after it was made and apart from it. A breach is kept, told on every page, and changes nothing: an
engine that doubts itself must not begin to act otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max

from prg_admin.domain.invariants import Decided, judged
from prg_admin.domain.replay import Recording
from prg_admin.domain.strict import StrictError
from prg_admin.live.news import announce
from prg_admin.recovery import alarms
from prg_admin.recovery.models import Breach, EngineStatus, Event

logger = logging.getLogger(__name__)

MOST_EVENTS = 200
"""Judged by one run; the next one goes on from there."""

AFTER_CONFIGURING = frozenset({"ha-on", "ha-off"})
"""Rules of the events that follow when nodes or High Availability of a group were changed.

Each such save raises the version as well, so that nothing is recorded that was decided before it;
it stands in the audit log and has no event. With High Availability on nothing else raises it.
"""

SETTLED = timedelta(seconds=5)
"""Younger events wait: one with a lower number may still be in a transaction that is not done."""


@transaction.atomic
def check(*, now: datetime) -> int:
    """Judges what is new; returns how many breaches were found. A constant number of queries."""
    status = EngineStatus.objects.select_for_update().filter(pk=1).first()
    if status is None:
        return 0
    events = list(
        Event.objects.filter(pk__gt=status.checked_event, at__lt=now - SETTLED).order_by("pk")[
            :MOST_EVENTS
        ]
    )
    found = [*_by_events(events), *_by_reports()]
    for breach in found:
        breach.found_at = now
        logger.error("invariant broken: %s %s", breach, breach.detail)
        alarms.raise_for_breach(breach)
    # One that lasts is one row, until somebody has seen it.
    Breach.objects.bulk_create(found, ignore_conflicts=True)
    status.checked_at = now
    status.checked_event = events[-1].pk if events else status.checked_event
    status.save(update_fields=["checked_at", "checked_event"])
    if found:
        announce("engine")
    return len(found)


def _by_events(events: Sequence[Event]) -> Iterator[Breach]:
    before = _versions_before(events)
    for event in events:
        wrong = list(_wrong_with(event))
        expected = before.get(event.group_id, event.version - 1) + 1
        is_skipped = event.version > expected and event.rule not in AFTER_CONFIGURING
        if event.group_id is not None and (is_skipped or event.version < expected):
            wrong.append(("I13", f"version {event.version} where {expected} was to come"))
        before[event.group_id] = event.version
        for invariant, detail in wrong:
            yield Breach(
                invariant=invariant,
                group_id=event.group_id,
                group_name=event.group_name,
                event=event,
                detail=detail[:255],
            )


def _versions_before(events: Sequence[Event]) -> dict[int | None, int]:
    """The version each group had reached before these events."""
    if not events:
        return {}
    groups = {event.group_id for event in events}
    earlier = Event.objects.filter(group_id__in=groups, pk__lt=events[0].pk).order_by()
    return dict(earlier.values_list("group_id").annotate(Max("version")))


def _wrong_with(event: Event) -> Iterator[tuple[str, str]]:
    try:
        recording = Recording.from_json(event.recording)
    except StrictError:
        return  # of another release: it cannot be judged by this one
    case, decision = recording.case, recording.case.decided()
    differences = recording.differences()
    if differences:
        yield "I18", ", ".join(difference.field for difference in differences)
    yield from ((name, "") for name in judged(Decided(case, decision, event.version)))


SERVED_TWICE = """
    select g.id, g.name, array_agg(home) from groups_presenceredundancygroup g
    join groups_member a on a.group_id = g.id and a.position = 1
    join groups_member b on b.group_id = g.id and b.position = 2
    join topology_nodereport ra on ra.node_id = a.node_id and ra.reachable
    join topology_nodereport rb on rb.node_id = b.node_id and rb.reachable
    cross join lateral (
        select jsonb_array_elements_text(ra.document->'serving')
        intersect select jsonb_array_elements_text(rb.document->'serving')
    ) both_serve (home)
    group by g.id, g.name
"""


def _by_reports() -> Iterator[Breach]:
    """I01 as the nodes themselves report it."""
    with connection.cursor() as cursor:
        cursor.execute(SERVED_TWICE)
        rows = cursor.fetchall()
    for pk, name, homes in rows:
        detail = f"users of {', '.join(sorted(homes))} are served by both nodes"
        yield Breach(invariant="I01", group_id=pk, group_name=name, detail=detail[:255])
