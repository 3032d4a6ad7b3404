"""Presence users and their home nodes, and the lines of a file that is being imported."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Upper

from prg_admin.topology.models import Cluster, Node

USERID_LENGTH = 128
DISPLAY_NAME_LENGTH = 128


class PresenceUser(models.Model):
    """A user of a cluster. Who serves the user is derived from home node and group state."""

    # The unique index begins with the cluster; another one would only cost writes.
    cluster = models.ForeignKey(
        Cluster, on_delete=models.PROTECT, related_name="presence_users", db_index=False
    )
    userid = models.CharField(max_length=USERID_LENGTH)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH, blank=True)
    is_licensed = models.BooleanField(default=True)
    """Whether the user may have a home at all."""
    home = models.ForeignKey(
        Node,
        on_delete=models.PROTECT,
        null=True,
        related_name="presence_users",
        # Migration 0002 has a foreign key of home *and* cluster instead: a home is in the user's
        # own cluster, and a node with users does not change its cluster.
        db_constraint=False,
    )
    """The assigned node; null while unassigned."""

    class Meta:
        ordering = ("cluster", "userid")
        constraints = (
            models.UniqueConstraint("cluster", Lower("userid"), name="presence_user_unique"),
            models.CheckConstraint(
                condition=models.Q(home__isnull=True) | models.Q(is_licensed=True),
                name="presence_user_home_licensed",
            ),
        )
        indexes = (
            models.Index(
                fields=("cluster",),
                condition=models.Q(home__isnull=True),
                name="presence_user_unassigned",
            ),
            # Of the list's usual order: its first page is read, not sorted out of all.
            models.Index(Lower("userid"), "id", name="presence_user_sorted"),
            # Of "begins with" and "is exactly", which compare in capitals.
            models.Index(
                OpClass(Upper("userid"), name="text_pattern_ops"), name="presence_user_found"
            ),
        )

    def __str__(self) -> str:
        return self.userid


class UserImport(models.Model):
    """A file of users that was read, to be looked at before it is carried out."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=255)
    encoding = models.CharField(max_length=16)
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    lines = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)
    """The first of them: line, code and values. With any the file is not imported."""
    fault_count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    """When it was confirmed; a second confirmation starts nothing."""

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.file_name


class ImportLine(models.Model):
    """One user of the file."""

    source = models.ForeignKey(UserImport, on_delete=models.CASCADE, related_name="staged")
    line = models.PositiveIntegerField()
    userid = models.CharField(max_length=USERID_LENGTH)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH, blank=True)
    is_licensed = models.BooleanField()

    class Meta:
        ordering = ("source", "line")

    def __str__(self) -> str:
        return self.userid
