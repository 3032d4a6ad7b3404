from __future__ import annotations

from celery import shared_task

from prg_admin.certificates import services
from prg_admin.lib.clock import steady_now


@shared_task(name="certificates.note")
def note(*, group_id: int, **_: object) -> None:
    services.movements_note(group_id=group_id, clock=steady_now)


@shared_task(name="certificates.gather")
def gather(**_: object) -> None:
    services.gather(clock=steady_now)
