"""Long work: what is to be done, how far it is, what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.actor import Actor


class State(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


UNFINISHED = (State.QUEUED, State.RUNNING)


class Job(models.Model):
    """Written by whoever works on it, together with each step of the work itself."""

    kind = models.CharField(max_length=64)
    """Of its handler, see ``jobs.registry``."""
    parameters = models.JSONField(default=dict)
    actor = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    position = models.JSONField(default=dict)
    """Where the next step begins; its meaning is the handler's."""
    result = models.JSONField(default=dict)
    """What the handler says of it when it is asked for words."""
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    stepped_at = models.DateTimeField()
    """Of its last step; while it is young, whoever made it is taken to be alive."""
    finished_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    run = models.CharField(max_length=32, blank=True)
    """Of the worker that has it."""
    resumed = models.PositiveSmallIntegerField(default=0)
    """How often another worker had to go on with it."""
    resumed_at = models.DateTimeField(null=True)
    resumed_done = models.PositiveIntegerField(default=0)
    """How much was done then."""

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="job_state_valid"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=UNFINISHED) ^ models.Q(finished_at__isnull=False),
                name="job_finished_or_not",
            ),
        )
        indexes = (
            models.Index(
                fields=("stepped_at",),
                condition=models.Q(state__in=UNFINISHED),
                name="job_unfinished",
            ),
            models.Index(fields=("-created_at", "-id"), name="job_newest"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def asked_by(self) -> Actor:
        return Actor(self.actor, self.address or "")
