from __future__ import annotations

from celery import shared_task

from prg_admin.lib.clock import steady_now
from prg_admin.lib.enqueue import enqueue
from prg_admin.notify import services
from prg_admin.notify.delivery import send_all


@shared_task(name="notify.deliver")
def deliver(**_: object) -> None:
    """May run twice or late: claims keep one delivery with one worker."""
    claimed = services.deliveries_claim(now=steady_now())
    if not claimed:
        return
    for delivery, error in zip(claimed, send_all(claimed), strict=True):
        services.delivery_done(delivery=delivery, error=error, now=steady_now())
    if len(claimed) == services.MOST_AT_ONCE:
        enqueue("notify.deliver")


@shared_task(name="notify.prune")
def prune(**_: object) -> None:
    services.alarms_prune(now=steady_now())
