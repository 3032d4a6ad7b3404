"""What the engine did, and why: one row a change, never edited."""

from __future__ import annotations

from django.db import models

from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.topology.models import Node


class EngineStatus(models.Model):
    """How the engine itself fares: one row, written by its sweeps, shown on every page."""

    ticked_at = models.DateTimeField(null=True)
    """When beat last ticked."""
    swept_at = models.DateTimeField(null=True)
    """When a sweep last ran, by a beat's tick or by a worker's own."""
    watched_since_at = models.DateTimeField(null=True)
    """Since when sweeps have come without a gap."""
    is_blind = models.BooleanField(default=False)
    """No node at all answered the latest sweeps: the engine only observes."""
    checked_at = models.DateTimeField(null=True)
    """When the engine last judged its own work."""
    checked_event = models.PositiveBigIntegerField(default=0)
    """The latest event that was judged."""

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="engine_status_one"),)

    def __str__(self) -> str:
        return "engine"


class Event(models.Model):
    """A change of a group's recovery state, with the rule that fired and what it looked at."""

    at = models.DateTimeField(db_index=True)
    group = models.ForeignKey(
        PresenceRedundancyGroup, on_delete=models.SET_NULL, null=True, related_name="events"
    )
    group_name = models.CharField(max_length=128)
    rule = models.CharField(max_length=48)
    """Id of the table row or rule that fired."""
    actor = models.CharField(max_length=150)
    """``engine``, or the user who asked."""
    epoch = models.PositiveBigIntegerField()
    version = models.PositiveBigIntegerField()
    """The group's version after the change."""
    before = models.JSONField()
    """Per position: node, state, reason, target and ordered role."""
    after = models.JSONField()
    values = models.JSONField()
    """What the rule looked at, by name."""
    comment = models.CharField(max_length=255, blank=True)
    """What the person who asked had to say about it."""
    recording = models.JSONField(null=True)
    """All inputs and the decision, as ``domain.replay`` writes them; an event can be replayed."""

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("group", "version"), name="event_version_unique"),
        )
        indexes = (models.Index(fields=("group", "-at"), name="event_of_group"),)

    def __str__(self) -> str:
        return f"{self.group_name} {self.rule}"


class Breach(models.Model):
    """An invariant that the running engine was seen to break: it should never have a row."""

    found_at = models.DateTimeField(db_index=True)
    invariant = models.CharField(max_length=8)
    """I01 to I18, see ``recovery.selfcheck``."""
    group = models.ForeignKey(
        PresenceRedundancyGroup, on_delete=models.SET_NULL, null=True, related_name="breaches"
    )
    group_name = models.CharField(max_length=128)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, related_name="breaches")
    """The decision that shows it; null where the nodes' reports do."""
    detail = models.CharField(max_length=255, blank=True)
    seen_at = models.DateTimeField(null=True)
    """When a person took note of it: it is no longer shown on every page."""

    class Meta:
        ordering = ("-found_at", "-id")
        verbose_name_plural = "breaches"
        constraints = (
            models.UniqueConstraint(fields=("invariant", "event"), name="breach_of_event_unique"),
            models.UniqueConstraint(
                fields=("invariant", "group"),
                condition=models.Q(event=None, seen_at=None),
                name="breach_of_group_unique",
            ),
        )

    def __str__(self) -> str:
        return f"{self.invariant} in {self.group_name}"


class RoundTrip(models.Model):
    """How long a heartbeat of the engine took, once a minute per node; see ``recovery.history``."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="round_trips")
    at = models.DateTimeField()
    """The full minute."""
    rtt_ms = models.FloatField(null=True)
    """Null where the node did not answer."""

    class Meta:
        ordering = ("-at", "node")
        constraints = (
            models.UniqueConstraint(fields=("node", "at"), name="round_trip_of_minute_unique"),
        )
        indexes = (models.Index(fields=("at",), name="round_trip_at"),)

    def __str__(self) -> str:
        return f"{self.node_id} {self.at:%Y-%m-%d %H:%M}"
