"""Raising alarms, and what becomes of their deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce
from prg_admin.notify.models import Alarm, Channel, Delivery, Name

CRITICAL, INFORMATIONAL = 2, 6
SEVERITIES = {
    Name.SRM_FAILOVER: CRITICAL,
    Name.SRM_FAILED: CRITICAL,
    Name.INVARIANT_BROKEN: CRITICAL,
    Name.DUPLICATE_NODE: CRITICAL,
    Name.TEST: INFORMATIONAL,
}

CLAIM = timedelta(seconds=60)
"""A worker that dies while it sends leaves its deliveries to others after so long."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
GIVEN_UP_AFTER = timedelta(hours=24)
KEPT = timedelta(days=90)
MOST_AT_ONCE = 50


def alarm_raise(
    *,
    key: str,
    name: Name,
    at: datetime,
    parameters: Mapping[str, object],
    channels: Iterable[Channel] | None = None,
) -> Alarm | None:
    """In the transaction of what it tells about. None when the same was raised before.

    ``channels``: those it goes to; all that are enabled when not given.
    """
    with transaction.atomic():
        alarm, is_new = Alarm.objects.get_or_create(
            key=key,
            defaults={
                "name": name,
                "severity": SEVERITIES[name],
                "at": at,
                "parameters": dict(parameters),
            },
        )
        if not is_new:
            return None
        to = Channel.objects.filter(is_enabled=True) if channels is None else channels
        Delivery.objects.bulk_create(Delivery(alarm=alarm, channel=c, due_at=at) for c in to)
        enqueue("notify.deliver")
    return alarm


def deliveries_claim(*, now: datetime) -> list[Delivery]:
    """Those that are due, for this caller alone until the claim runs out."""
    with transaction.atomic():
        due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            due_at__lte=now, channel__is_enabled=True
        )
        found = list(due.select_related("alarm", "channel").order_by("due_at")[:MOST_AT_ONCE])
        Delivery.objects.filter(pk__in=[d.pk for d in found]).update(due_at=now + CLAIM)
    return found


def delivery_done(*, delivery: Delivery, error: str, now: datetime) -> None:
    """Notes the outcome of an attempt; ``error`` is empty when the channel took it."""
    attempts = delivery.attempts + 1
    given_up = now - delivery.alarm.at > GIVEN_UP_AFTER
    pause = min(FIRST_PAUSE * 2 ** min(delivery.attempts, 10), LONGEST_PAUSE)
    done = error == ""
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") + 1,
        error=error[:64],
        delivered_at=now if done else None,
        due_at=None if done or given_up else now + pause,
    )
    delivery.attempts = attempts
    channel = Channel.objects.filter(pk=delivery.channel_id)
    if done:
        changed = channel.exclude(failing_since_at=None).update(failing_since_at=None, error="")
    else:
        changed = channel.filter(failing_since_at=None).update(failing_since_at=now)
        channel.update(error=error[:64])
    if changed:
        announce("engine")


def channel_test(*, channel: Channel, by: str, now: datetime) -> Alarm | None:
    """Sends a test to one channel, also to one that is switched off."""
    return alarm_raise(
        key=f"test-{channel.pk}-{now.isoformat()}",
        name=Name.TEST,
        at=now,
        parameters={"Channel": channel.name, "By": by},
        channels=[channel],
    )


def alarms_prune(*, now: datetime) -> int:
    """Deletes alarms, with their deliveries, that are older than ``KEPT``."""
    deleted, _by_model = Alarm.objects.filter(at__lt=now - KEPT).delete()
    return deleted
