from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from prg_admin.lib.statements import rows_of
from prg_admin.notify.models import Channel
from prg_admin.notify.selectors import failing_channels
from prg_admin.recovery.models import Breach, EngineStatus, Event

OVERDUE_S = 5.0
"""Without a tick or a sweep for so long, something of the engine is gone."""


MOST_BREACHES = 5
"""Told on every page; the support pages have them all."""

MOST_CHANNELS = 5

STATUS = """
    select
        exists (select from recovery_breach where seen_at is null),
        exists (select from notify_channel where is_enabled and failing_since_at is not null),
        ticked_at, swept_at, is_blind
    from (select) as always left join recovery_enginestatus on id = 1
"""

LATE = timedelta(seconds=OVERDUE_S)
"""A sweep that comes so long after the last one only looks: what it knows is old."""


def watched_since(now: datetime) -> datetime | None:
    """Since when the engine has looked without a gap; ``now`` when the gap lasts until now."""
    status = EngineStatus.objects.filter(pk=1).first()
    if status is None or status.swept_at is None:
        return None
    return now if now - status.swept_at > LATE else status.watched_since_at


def events_of_group(group_id: int, *, limit: int = 20) -> QuerySet[Event]:
    """The group's latest events, newest first; their recordings are large and stay behind."""
    found = Event.objects.filter(group_id=group_id).defer("recording")
    return found.order_by("-at", "-id")[:limit]


def event_before(event: Event) -> Event | None:
    """What had happened to the group before: the state in which the rule found it."""
    earlier = Event.objects.filter(group_id=event.group_id, version__lt=event.version)
    return earlier.defer("recording").order_by("-version").first() if event.group_id else None


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """How the engine fares, as its own sweeps left it."""

    is_blind: bool
    tick_s: float | None
    """Seconds since beat last ticked; None: never."""
    sweep_s: float | None
    """Seconds since a worker last swept; None: never."""
    breaches: tuple[Breach, ...] = ()
    """Invariants the engine was seen to break, of which nobody has taken note yet."""
    failing_channels: tuple[Channel, ...] = ()
    """Those that alarms do not get through."""

    @property
    def has_no_sweep(self) -> bool:
        return self.sweep_s is None or self.sweep_s > OVERDUE_S

    @property
    def has_no_beat(self) -> bool:
        return not self.has_no_sweep and (self.tick_s is None or self.tick_s > OVERDUE_S)

    @property
    def is_well(self) -> bool:
        return not (self.is_blind or self.has_no_beat or self.has_no_sweep or self.breaches)


def engine_health(*, now: datetime) -> EngineHealth:
    """One query while all is well: every page asks."""
    ((is_broken, is_unheard, ticked_at, swept_at, is_blind),) = rows_of(STATUS)
    return EngineHealth(
        is_blind=bool(is_blind),
        tick_s=_seconds_since(ticked_at, now),
        sweep_s=_seconds_since(swept_at, now),
        breaches=tuple(unseen_breaches()[:MOST_BREACHES]) if is_broken else (),
        failing_channels=tuple(failing_channels()[:MOST_CHANNELS]) if is_unheard else (),
    )


def unseen_breaches() -> QuerySet[Breach]:
    return Breach.objects.filter(seen_at=None)


def _seconds_since(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
