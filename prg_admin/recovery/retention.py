"""What is kept of the past, and how it is let go; for how long is said in the settings."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, FloatField, Value, When

from prg_admin.recovery.models import Event, RoundTrip
from prg_admin.topology.models import NodeReport


def round_trips_take(*, now: datetime) -> int:
    """One sample of every node from its last report: two statements, however many nodes.

    A second call within the minute changes nothing, so two beats are harmless.
    """
    answered = When(reachable=True, then=F("rtt_ms"))
    taken = Case(answered, default=Value(None), output_field=FloatField())
    reports = NodeReport.objects.exclude(document=None).annotate(taken=taken)
    minute = now.replace(second=0, microsecond=0)
    samples = [
        RoundTrip(node_id=node_id, at=minute, rtt_ms=rtt)
        for node_id, rtt in reports.values_list("node_id", "taken")
    ]
    RoundTrip.objects.bulk_create(samples, ignore_conflicts=True, batch_size=10_000)
    return len(samples)


def past_prune(*, now: datetime) -> tuple[int, int]:
    """Deletes old events and samples; how many of each.

    An event that shows a breach of the engine's rules stays: somebody may still have to read it.
    """
    events = Event.objects.filter(
        at__lt=now - timedelta(days=settings.EVENTS_KEEP_DAYS), breaches=None
    )
    samples = RoundTrip.objects.filter(
        at__lt=now - timedelta(hours=settings.ROUND_TRIPS_KEEP_HOURS)
    )
    return events.delete()[0], samples.delete()[0]
