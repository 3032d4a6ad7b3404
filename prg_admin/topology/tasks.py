"""Work on nodes that takes longer than a page may."""

from __future__ import annotations

from celery import shared_task

from prg_admin.lib.clock import steady_now
from prg_admin.topology import links


@shared_task(name=links.TASK)
def measure_links(*, pairs: list[list[int]], **_: object) -> None:
    links.next_link_measure(pairs=links.as_pairs(pairs), now=steady_now())
