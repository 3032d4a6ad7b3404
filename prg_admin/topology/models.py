"""Clusters, their nodes, and the last thing each node said."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from prg_admin.domain.relogin import LARGEST, SIZES
from prg_admin.domain.ticks import Ticks, advanced
from prg_admin.domain.under_way import ANY_ORDER, UnderWay
from prg_admin.domain.wire import Report, WireError
from prg_admin.topology.link_models import LinkMeasure

__all__ = ["Cluster", "LinkMeasure", "Node", "NodeReport"]


class Cluster(models.Model):
    """IM and Presence nodes that share one database publisher and one set of parameters."""

    name = models.CharField(max_length=128)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("name"), name="cluster_name_unique"),)

    def __str__(self) -> str:
        return self.name


class Node(models.Model):
    """An IM and Presence node and where its agent is reached."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="nodes")
    name = models.CharField(max_length=128)
    description = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    publisher = models.CharField(max_length=128)
    """Name of the node whose IM and Presence database this node replicates."""
    size = models.PositiveIntegerField(default=LARGEST)
    """Users it is made for: the row of the re-login tables (``domain.relogin``)."""
    key_hash = models.CharField(max_length=64, blank=True)
    """SHA-256 of the key its agent calls in with; empty until the node is enrolled."""
    probed_at = models.DateTimeField(null=True, editable=False)
    """When a sweep last claimed it; Heart Beat Interval later it is due again."""
    epoch = models.PositiveBigIntegerField(default=1, editable=False)
    """Highest epoch the node was given while in no group; see ``groups.services``."""
    revision = models.PositiveIntegerField(default=1, editable=False)
    """Counts edits, so that a second saver is told."""

    class Meta:
        ordering = ("cluster", "name")
        constraints = (
            models.UniqueConstraint(Lower("name"), name="node_name_unique"),
            models.UniqueConstraint(fields=("address", "port"), name="node_address_unique"),
            models.CheckConstraint(
                condition=models.Q(port__gte=1, port__lte=65535), name="node_port_valid"
            ),
            models.CheckConstraint(condition=models.Q(size__in=SIZES), name="node_size_valid"),
        )
        indexes = (
            # None holds probed_at: each sweep writes it, and then touches no index.
            # Forms and their checks name nodes exactly as they are written.
            models.Index(fields=("name",), name="node_named"),
        )

    def __str__(self) -> str:
        return self.name


class NodeReport(models.Model):
    """What the node said last, and when. Written by sweeps and call-ins, read by every page."""

    node = models.OneToOneField(
        Node, on_delete=models.CASCADE, primary_key=True, related_name="last_report"
    )
    heard_at = models.DateTimeField(null=True)
    """When the engine last heard the node, by a probe answered or by a call-in."""
    reachable = models.BooleanField(default=False)
    """Whether the last probe was answered."""
    error = models.CharField(max_length=255, blank=True)
    """``refused``, ``timeout`` or another short cause of the last failed probe."""
    rtt_ms = models.FloatField(null=True)
    version = models.CharField(max_length=64, blank=True)
    sessions = models.PositiveIntegerField(default=0)
    goodbye_boot = models.CharField(max_length=64, blank=True)
    """The boot of its agent that ended with a goodbye."""
    claimed_boot = models.CharField(max_length=64, blank=True)
    """Another boot than the last report's that called in as this node; empty once it answers."""
    rival_boot = models.CharField(max_length=64, blank=True)
    """A second machine that calls in as this node while the known one goes on answering."""
    document = models.JSONField(null=True)
    """The report in its wire form; null while the node was never heard."""
    tag = models.CharField(max_length=32, blank=True)
    """Of the document, as its agent gave it; empty when it gave none."""
    ticks = models.CharField(max_length=128, blank=True)
    """What has moved by itself since the document was taken (``domain.ticks``)."""
    seq = models.PositiveBigIntegerField(default=0)
    """Of the latest answer in the document's boot, whether it was a document or ticks."""
    under_way = models.JSONField(null=True)
    """Orders sent, of which no report since says that they are void (``domain.under_way``)."""

    class Meta:
        ordering = ("node",)

    def __str__(self) -> str:
        return f"report of {self.node_id}"

    @property
    def report(self) -> Report | None:
        if self.document is None:
            return None
        try:
            report = Report.from_json(self.document)
            return advanced(report, Ticks.parse(self.ticks)) if self.ticks else report
        except WireError:
            # Written by another release. The node counts as never heard until it answers again.
            return None

    @property
    def orders_under_way(self) -> UnderWay | None:
        if self.under_way is None:
            return None
        try:
            return UnderWay.from_json(self.under_way)
        except WireError:
            return ANY_ORDER  # written by another release
