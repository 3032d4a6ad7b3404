"""What people did: written once, never changed; the database itself refuses (migration 0001)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

LONGEST_ACTOR, LONGEST_NAME = 150, 255


class Action(models.TextChoices):
    ADDED = "added", _("Added")
    CHANGED = "changed", _("Changed")
    DELETED = "deleted", _("Deleted")
    STARTED = "started", _("Start requested")
    STOPPED = "stopped", _("Stop requested")
    RESTARTED = "restarted", _("Restart requested")
    ACTIVATED = "activated", _("Activation changed")
    FAILOVER = "failover", _("Failover requested")
    FALLBACK = "fallback", _("Fallback requested")
    RECOVER = "recover", _("Recover requested")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    SIGNED_IN = "signed-in", _("Signed in")
    SIGN_IN_FAILED = "sign-in-failed", _("Sign-in failed")
    SIGNED_OUT = "signed-out", _("Signed out")
    LOCKED = "locked", _("Locked out")
    UNLOCKED = "unlocked", _("Unlocked")
    PASSWORD_CHANGED = "password-changed", _("Password changed")


class Kind(models.TextChoices):
    GROUP = "group", _("Presence Redundancy Group")
    NODE = "node", _("Server")
    SERVICE = "service", _("Service")
    PARAMETERS = "parameters", _("Parameters")
    USER = "user", _("Presence user")
    ACCOUNT = "account", _("Account")
    CLUSTER = "cluster", _("Cluster")


class Entry(models.Model):
    """One thing that somebody did, or tried to do."""

    at = models.DateTimeField(db_default=Now(), db_index=True)
    actor = models.CharField(max_length=LONGEST_ACTOR)
    """A name and no key: it stays when the account goes."""
    address = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=32, choices=Action.choices)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    name = models.CharField(max_length=LONGEST_NAME)
    """Of the object at that time."""
    before = models.JSONField(default=dict)
    """Values by field, those that differ only."""
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(action__in=Action.values), name="audit_action_valid"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="audit_kind_valid"
            ),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.name}"
