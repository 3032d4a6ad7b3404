from __future__ import annotations

from typing import Any

from celery import shared_task
from django.core.management import call_command
from django.utils.timezone import now

from prg_admin.accounts.services import failures_prune


@shared_task(name="accounts.prune")
def prune(**_more: Any) -> None:
    """Failures that are not counted any more, and sessions that have ended."""
    failures_prune(now=now())
    call_command("clearsessions")
