"""Presence users and their home nodes, where users come from, and what is about to be merged."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from prg_admin.domain import directory
from prg_admin.jobs.models import Job
from prg_admin.topology.models import Cluster, Node

USERID_LENGTH = 128
DISPLAY_NAME_LENGTH = 128


class QueueReason(models.TextChoices):
    """Why the Sync Agent could not give a user a home."""

    FAILED_OVER = "failed-over", _("A node of the cluster is failed over")
    NO_ROOM = "no-room", _("There is no room on any node")
    NO_GROUP = "no-group", _("No node is in a presence redundancy group")


class Directory(models.Model):
    """The LDAP directory that a cluster's users are read from."""

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE, related_name="directory")
    server = models.CharField(max_length=directory.SERVER_LENGTH)
    bind_dn = models.CharField(max_length=directory.DN_LENGTH, blank=True)
    sealed_password = models.TextField(blank=True)
    """See ``lib.sealed``; on no page, in no log, no audit entry and no error."""
    base = models.CharField(max_length=directory.DN_LENGTH)
    filter = models.CharField(max_length=directory.FILTER_LENGTH)
    userid_attribute = models.CharField(max_length=directory.ATTRIBUTE_LENGTH)
    name_attribute = models.CharField(max_length=directory.ATTRIBUTE_LENGTH, blank=True)
    licence_attribute = models.CharField(max_length=directory.ATTRIBUTE_LENGTH, blank=True)
    page_size = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    most_removed = models.PositiveSmallIntegerField()
    """Percent of its users; see ``domain.directory``."""
    is_enabled = models.BooleanField()
    revision = models.PositiveIntegerField(default=1)
    """Counts edits, so that a second saver is told."""
    due_at = models.DateTimeField(null=True)
    """When it is synchronised next; null while it is not enabled."""
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    """Of the last synchronisation that was begun."""
    result = models.JSONField(default=dict)
    """Of the last that ended: numbers, why not, and the first of what was wrong with entries."""
    result_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("cluster",)
        verbose_name = _("LDAP directory")
        verbose_name_plural = _("LDAP directories")
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=models.Q(due_at__isnull=False),
                name="directory_due",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_enabled=True) ^ models.Q(due_at__isnull=True),
                name="directory_due_or_not",
            ),
        )

    def __str__(self) -> str:
        return self.server


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
    directory = models.ForeignKey(
        Directory,
        on_delete=models.SET_NULL,
        null=True,
        related_name="presence_users",
        db_index=False,
    )
    """Where the user comes from, and who may remove the user; null: from a file, or local."""
    queued_at = models.DateTimeField(null=True)
    """Since when the user waits for the Sync Agent; null: does not wait."""
    queue_reason = models.CharField(
        max_length=16, choices=QueueReason.choices, blank=True, db_default=""
    )

    class Meta:
        ordering = ("cluster", "userid")
        constraints = (
            models.UniqueConstraint("cluster", Lower("userid"), name="presence_user_unique"),
            models.CheckConstraint(
                condition=models.Q(home__isnull=True) | models.Q(is_licensed=True),
                name="presence_user_home_licensed",
            ),
            # Who waits has no home and may have one, and it is known what for.
            models.CheckConstraint(
                condition=models.Q(queued_at__isnull=True, queue_reason="")
                | models.Q(
                    queued_at__isnull=False,
                    queue_reason__in=QueueReason.values,
                    home__isnull=True,
                    is_licensed=True,
                ),
                name="presence_user_queued_unassigned",
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
            models.Index(
                fields=("cluster",),
                condition=models.Q(queued_at__isnull=False),
                name="presence_user_queued",
            ),
            models.Index(
                fields=("directory",),
                condition=models.Q(directory__isnull=False),
                name="presence_user_of_directory",
            ),
            # Of "begins with" and "is exactly", which compare in capitals.
            models.Index(
                OpClass(Upper("userid"), name="text_pattern_ops"), name="presence_user_found"
            ),
        )

    def __str__(self) -> str:
        return self.userid


class UserImport(models.Model):
    """Users as they were read from a file or a directory, to be merged with those that are known.

    A file is looked at by a person before.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    directory = models.ForeignKey(
        Directory, on_delete=models.CASCADE, null=True, related_name="imports"
    )
    """Null: it is a file."""
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
    """One user of the file, or entry of the directory."""

    source = models.ForeignKey(UserImport, on_delete=models.CASCADE, related_name="staged")
    line = models.PositiveIntegerField()
    userid = models.CharField(max_length=USERID_LENGTH)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH, blank=True)
    is_licensed = models.BooleanField()
    is_usable = models.BooleanField(db_default=True)
    """No: something else of the entry is wrong. Its user is there, and stays as is."""

    class Meta:
        ordering = ("source", "line")

    def __str__(self) -> str:
        return self.userid
