"""Alarms, the channels they go to, and an outbox between them.

An alarm and its deliveries are written in the transaction of what they tell about: both are there
or neither, and a channel that hangs holds up nobody but itself.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Name(models.TextChoices):
    """As the original's alarm catalogue has them (domain facts 3.13); the rest is ours."""

    SRM_FAILOVER = "SRMFailover"
    SRM_FAILED = "SRMFailed"
    INVARIANT_BROKEN = "InvariantBroken"
    DUPLICATE_NODE = "DuplicateNode"
    TEST = "Test", _("Test")


class Alarm(models.Model):
    key = models.CharField(max_length=128, unique=True)
    """What it is about: raised twice for the same thing it is one alarm."""
    name = models.CharField(max_length=32, choices=Name.choices)
    severity = models.PositiveSmallIntegerField()
    """As in syslog: 2 is critical, 6 informational."""
    at = models.DateTimeField(db_index=True)
    parameters = models.JSONField(default=dict)
    """FromNode, ToNode, Reason, Group ...; values as the domain has them."""

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class Channel(models.Model):
    """Where alarms are sent."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("Web address (HTTP POST of JSON)")
        EMAIL = "email", _("E-mail")

    name = models.CharField(_("name"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    target = models.CharField(_("target"), max_length=500)
    """A web address, which may hold a secret, or a mail address: in no log and no error."""
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    failing_since_at = models.DateTimeField(_("failing since"), null=True, editable=False)
    """Since when no delivery was taken; null while all is well."""
    error = models.CharField(_("error"), max_length=64, blank=True, editable=False)
    """Short cause of the last failure."""

    class Meta:
        ordering = ("name",)
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=["webhook", "email"]), name="channel_kind_valid"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        check = URLValidator(["http", "https"]) if self.kind == "webhook" else EmailValidator()
        try:
            check(self.target)
        except ValidationError:
            raise ValidationError({"target": _wanted(self.kind)}) from None


def _wanted(kind: str) -> object:
    if kind == Channel.Kind.WEBHOOK:
        return _("Target must be an address beginning with http:// or https://.")
    return _("Target must be an e-mail address, as in ops@example.com.")


class Delivery(models.Model):
    """One alarm on its way to one channel."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    due_at = models.DateTimeField(null=True)
    """When it is tried next; null once it was taken or given up."""
    attempts = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=64, blank=True)
    """Short cause why the last attempt failed."""

    class Meta:
        ordering = ("-alarm", "channel")
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (models.UniqueConstraint(fields=("alarm", "channel"), name="delivery_once"),)
        indexes = (
            models.Index(
                fields=("due_at",), name="delivery_due", condition=models.Q(due_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.alarm_id} to {self.channel_id}"
