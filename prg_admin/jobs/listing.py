"""The columns of Find and List Jobs."""

from __future__ import annotations

from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from prg_admin.jobs.models import State
from prg_admin.lib.finding.columns import Column, Listing

JOBS = Listing(
    "jobs",
    sort="-started",
    columns=(
        Column(
            "by",
            _("Started by"),
            find="actor",
            sort=Lower("actor"),
            value=lambda row: row.job.actor,
            is_shown=False,
        ),
        Column("job", _("Job"), value=lambda row: row.title),
        Column(
            "state",
            _("State"),
            find="state",
            choices=dict(State.choices),
            sort="state",
            value=lambda row: row.label.text,
        ),
        Column("done", _("Progress"), value=lambda row: f"{row.job.done} / {row.job.total}"),
        Column("who", _("Started by"), sort=Lower("actor")),
        Column(
            "started",
            _("Started at"),
            find="created_at",
            is_time=True,
            sort="created_at",
            value=lambda row: row.job.created_at,
        ),
        Column(
            "ended", _("Finished at"), sort="finished_at", value=lambda row: row.job.finished_at
        ),
    ),
)
