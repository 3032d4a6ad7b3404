"""What was seen of a movement: who was at home where and logged in where, before and after it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from prg_admin.domain.movements import Way
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node

WAYS = [way.value for way in Way]


class Certificate(models.Model):
    """Of one movement of a group; written by the chores, never by the engine.

    Lists are kept packed (``certificates.packing``): one row a movement, however many users.
    """

    group = models.ForeignKey(
        PresenceRedundancyGroup, on_delete=models.SET_NULL, null=True, related_name="certificates"
    )
    group_name = models.CharField(max_length=128)
    begun = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="begins")
    ended = models.OneToOneField(Event, on_delete=models.CASCADE, null=True, related_name="ends")
    """Null while the movement is under way."""
    way = models.CharField(max_length=16, blank=True)
    """Of ``domain.movements.Way``; empty while it is under way."""
    before_at = models.DateTimeField()
    """When the users of before were read."""
    after_at = models.DateTimeField(null=True)
    homes_before = models.BinaryField()
    homes_after = models.BinaryField(null=True)
    rolls_before = models.BinaryField()
    rolls_after = models.BinaryField(null=True)
    rolls_at = models.DateTimeField(null=True)
    """When the rolls of afterwards were last looked at."""
    summary = models.JSONField(null=True)
    """Proof and sessions in numbers, as ``certificates.summary`` makes them."""
    settled_at = models.DateTimeField(null=True)
    """From then on nothing of it changes any more."""

    class Meta:
        ordering = ("-begun__at", "-id")
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(way="", ended=None)
                | models.Q(way__in=WAYS, ended__isnull=False),
                name="certificate_ended_has_way",
            ),
        )
        indexes = (
            models.Index(
                fields=("ended",),
                condition=models.Q(settled_at=None),
                name="certificate_unsettled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.group_name} {self.way}"


class Roll(models.Model):
    """Who was logged in on a node; two of each node are kept, the newest ones."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="rolls")
    boot_id = models.CharField(max_length=64)
    revision = models.BigIntegerField()
    taken_at = models.DateTimeField()
    """When the node had told all of it."""
    confirmed_at = models.DateTimeField()
    """When the node was last asked and told the same."""
    users = models.BinaryField()

    class Meta:
        ordering = ("node_id", "-taken_at")
        verbose_name = _("roll of a node")
        verbose_name_plural = _("rolls of nodes")
        constraints = (
            models.UniqueConstraint(
                fields=("node", "boot_id", "revision"), name="roll_of_revision_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.node_id} {self.revision}"


class Gathering(models.Model):
    """How far those who gather are: one row."""

    upto_at = models.DateTimeField()
    """Until when events were looked at."""
    leased_until_at = models.DateTimeField(null=True)
    """Until then another worker is about it: nodes that do not answer hold up one thread alone."""

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="gathering_one"),)

    def __str__(self) -> str:
        return "gathering"
