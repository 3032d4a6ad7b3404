from __future__ import annotations

from celery import shared_task
from django.utils.timezone import now

from prg_admin.users.directories import directories_sync
from prg_admin.users.queue import queues_assign


@shared_task(name="users.assign_queued")
def assign_queued(**_: object) -> None:
    queues_assign()


@shared_task(name="users.sync_directories")
def sync_directories(**_: object) -> None:
    directories_sync(now=now())
