"""Presence redundancy groups, their members, and where each member stands in its recovery.

Configuration (name, description, members, High Availability) is edited by people and guarded by
``revision``. The recovery state is written by the engine alone and guarded by ``version``; every
writer holds the group's row lock.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Upper

from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.topology.models import Cluster, Node

STATES = [(s.value, s.label) for s in NodeState]
REASONS = [(r.value, r.label) for r in Reason]
ROLES = [(r.value, r.value) for r in Role]


class PresenceRedundancyGroup(models.Model):
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=128)
    description = models.CharField(max_length=128, blank=True)
    ha_enabled = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    """Counts edits of the configuration, so that a second saver is told."""
    version = models.PositiveBigIntegerField(default=1, editable=False)
    """Counts changes of the recovery state: compare-and-set of the engine."""
    epoch = models.PositiveBigIntegerField(default=1, editable=False)
    """Raised with each change of who serves; agents refuse lower ones."""
    automatic_failovers = models.JSONField(default=list, editable=False)
    """Times of the latest since an acknowledgement; two in 24 h hold the automatic fallback."""
    running_settings = models.JSONField(null=True, editable=False)
    """The parameters a recovery began with; null while none is running."""

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("name"), name="group_name_unique"),)
        # Of "begins with" and "is exactly", which compare in capitals; every edit asks for the
        # latter.
        indexes = (
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="group_name_found"),
        )

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A node's place in its group, with its recovery state."""

    group = models.ForeignKey(
        PresenceRedundancyGroup, on_delete=models.CASCADE, related_name="members"
    )
    node = models.OneToOneField(Node, on_delete=models.PROTECT, related_name="member")
    position = models.PositiveSmallIntegerField()
    """1 is the first Presence Server field, 2 the second."""
    state = models.CharField(max_length=48, choices=STATES, default=NodeState.UNKNOWN)
    reason = models.CharField(max_length=48, choices=REASONS, default=Reason.HA_NOT_ENABLED)
    state_since_at = models.DateTimeField(null=True)
    target = models.CharField(max_length=16, choices=ROLES, default=Role.OWN)
    """The role this state leads to."""
    ordered = models.CharField(max_length=16, choices=ROLES, default=Role.OWN)
    """The role the node's goal names now: the target, or a safe step towards it."""
    ordered_epoch = models.PositiveBigIntegerField(default=1)
    boot_id = models.CharField(max_length=64, blank=True)
    """Boot of the agent under which its last change was recorded; another one is a restart."""
    stated_off_at = models.DateTimeField(null=True)
    """When a person last stated that the node is powered off; it counts until it is heard."""

    class Meta:
        ordering = ("group", "position")
        constraints = (
            models.UniqueConstraint(fields=("group", "position"), name="member_position_unique"),
            models.CheckConstraint(
                condition=models.Q(position__in=(1, 2)), name="member_position_valid"
            ),
        )

    def __str__(self) -> str:
        return f"{self.node} in {self.group}"


class Maintenance(models.Model):
    """A pair on its way through maintenance, with what was counted before it."""

    group = models.OneToOneField(
        PresenceRedundancyGroup,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="maintenance",
    )
    began_at = models.DateTimeField()
    began_by = models.CharField(max_length=150)
    counted = models.JSONField()
    """By node name: ``assigned`` users, and live ``sessions`` or null when it was not heard."""
    worked_at = models.DateTimeField(null=True)
    """When a person said that the work is done."""

    class Meta:
        ordering = ("began_at",)

    def __str__(self) -> str:
        return f"maintenance of {self.group}"
