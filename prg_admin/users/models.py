"""Presence users and their home nodes."""

from __future__ import annotations

from django.db import models

from prg_admin.topology.models import Cluster, Node


class PresenceUser(models.Model):
    """A user of a cluster. Who serves the user is derived from home node and group state."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="presence_users")
    userid = models.CharField(max_length=128)
    home = models.ForeignKey(
        Node, on_delete=models.PROTECT, null=True, related_name="presence_users"
    )
    """The assigned node; null while unassigned."""

    class Meta:
        ordering = ("cluster", "userid")
        constraints = (
            models.UniqueConstraint(fields=("cluster", "userid"), name="presence_user_unique"),
        )

    def __str__(self) -> str:
        return self.userid
