from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils.timezone import now

from prg_admin.audit.services import audit_prune


@shared_task(name="audit.prune")
def prune(**_more: Any) -> None:
    audit_prune(now=now())
