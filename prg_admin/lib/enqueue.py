"""Sends tasks by name once the change they are about is committed."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

from prg_admin.celery import app

logger = logging.getLogger(__name__)


def enqueue(task_name: str, *, countdown: float | None = None, **kwargs: Any) -> None:
    """Send after the commit (at once outside a transaction), to be run ``countdown`` seconds later.

    A broker that is away loses nothing but time: the sweeps find in the database what is to do.
    """
    transaction.on_commit(lambda: _send(task_name, kwargs, countdown))


def _send(task_name: str, kwargs: dict[str, Any], countdown: float | None) -> None:
    try:
        app.send_task(task_name, kwargs=kwargs, countdown=countdown, retry=False)
    except OperationalError as error:
        logger.warning("%s could not be sent, the next sweep will see to it: %s", task_name, error)
