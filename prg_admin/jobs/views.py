"""Long work, while it runs and afterwards."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prg_admin.accounts.access import administrators, readers
from prg_admin.jobs.listing import JOBS
from prg_admin.jobs.models import Job
from prg_admin.jobs.selectors import general_words, job_row, job_rows
from prg_admin.jobs.services import job_cancel
from prg_admin.lib.finding.csv import csv_response
from prg_admin.lib.finding.find import find
from prg_admin.lib.htmx import render_page

PROGRESS, TABLE = "job-progress", "job-table"


@require_safe
@readers
def job_list(request: HttpRequest) -> HttpResponseBase:
    found = find(request.GET, JOBS, Job.objects.all())
    if found.wants_csv:
        return csv_response(request, found, rows=job_rows)
    context = {"found": found, "rows": job_rows(found.page.object_list)}
    return render_page(request, "jobs/job_list.html", context, fragments=(TABLE,))


@require_safe
@readers
def job(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Job, pk=pk)
    row = job_row(found)
    context = {"row": row, "job": found, "words": [*general_words(found), *row.words]}
    return render_page(request, "jobs/job.html", context, fragments=(PROGRESS,))


@require_POST
@administrators
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Job, pk=pk)
    if job_cancel(job_id=pk, now=now()):
        messages.info(request, _("The job is being cancelled; what is done by then stays done."))
    else:
        messages.warning(request, _("The job is over already, or cannot be cancelled."))
    return redirect("jobs:job", pk)
