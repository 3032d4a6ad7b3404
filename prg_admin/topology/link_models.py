"""What was measured between two nodes; ``models`` takes it in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

LOST_AFTER = timedelta(minutes=2)
"""A measure that did not come to its end by then does not keep anybody from asking again."""


class LinkMeasure(models.Model):
    """The latest measure of the link from one node's agent to another's."""

    source = models.ForeignKey(
        "topology.Node", on_delete=models.CASCADE, related_name="measures_from"
    )
    target = models.ForeignKey(
        "topology.Node", on_delete=models.CASCADE, related_name="measures_to"
    )
    asked_at = models.DateTimeField()
    measured_at = models.DateTimeField(null=True)
    """When the last one came to its end, whatever came of it."""
    mbps = models.FloatField(null=True)
    rtt_ms = models.FloatField(null=True)
    error = models.CharField(max_length=64, blank=True)
    """Short cause of a measure that failed."""

    class Meta:
        ordering = ("source", "target")
        constraints = (
            models.UniqueConstraint(fields=("source", "target"), name="link_measure_unique"),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="link_measure_of_two_nodes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.source_id} to {self.target_id}"

    def is_under_way(self, now: datetime) -> bool:
        ended = self.measured_at is not None and self.measured_at >= self.asked_at
        return not ended and now - self.asked_at < LOST_AFTER
