"""Jobs as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.jobs.models import UNFINISHED, Job, State
from prg_admin.jobs.registry import handler_of
from prg_admin.lib.labels import Label

if TYPE_CHECKING:
    from collections.abc import Iterable

LABELS: dict[str, Label] = {
    State.QUEUED: Label(gettext_lazy("Waiting"), "busy", "…"),
    State.RUNNING: Label(gettext_lazy("Running"), "busy", "…"),
    State.DONE: Label(gettext_lazy("Done"), "good", "✓"),
    State.REFUSED: Label(gettext_lazy("Refused"), "bad", "✗"),
    State.FAILED: Label(gettext_lazy("Failed"), "bad", "✗"),
    State.CANCELLED: Label(gettext_lazy("Cancelled"), "warn", "‖"),
}


@dataclass(frozen=True, slots=True)
class JobRow:
    job: Job
    title: str
    label: Label
    words: tuple[tuple[str, str], ...] = ()
    """Tone and text of status lines."""

    @property
    def percent(self) -> int:
        total = self.job.total
        return min(100, 100 * self.job.done // total) if total else 0

    @property
    def can_cancel(self) -> bool:
        job = self.job
        return not (job.is_finished or job.cancel_requested) and handler_of(job).can_cancel


def job_row(job: Job) -> JobRow:
    handler = handler_of(job)
    return JobRow(job, handler.title(job), LABELS[job.state], tuple(handler.words(job)))


def job_rows(jobs: Iterable[Job]) -> list[JobRow]:
    return [job_row(job) for job in jobs]


def running_jobs(username: str) -> list[JobRow]:
    """Those that this person started and that are not over; one query."""
    return job_rows(Job.objects.filter(actor=username, state__in=UNFINISHED)[:10])


def general_words(job: Job) -> list[tuple[str, str]]:
    """What is to be said of a job of any kind."""
    values = {"done": f"{job.done:,}", "total": f"{job.total:,}"}
    found = []
    if job.resumed:
        text = _(
            "The worker that ran this job went away; another one has gone on from %(done)s of "
            "%(total)s, and nothing was done twice."
        )
        found.append(("info", text % {**values, "done": f"{job.resumed_done:,}"}))
    if job.state == State.CANCELLED:
        text = _("Cancelled after %(done)s of %(total)s: what was done by then stays done.")
        found.append(("warning", text % values))
    if job.state == State.FAILED:
        text = _(
            "An internal error ended this job after %(done)s of %(total)s; what was done by then "
            "stays done. The log of the worker says more."
        )
        found.append(("error", text % values))
    if job.cancel_requested and not job.is_finished:
        found.append(("info", _("It will be cancelled after the step that is under way.")))
    return found
