# ruff: noqa: ARG002 - the signatures are those of a handler
"""A kind of job for tests: makes clusters ``c0``, ``c1`` ... whose names cannot be made twice.

Run as a program it is a worker that dies by SIGKILL where it is told to.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

KIND = "tests.counting"


class Counting:
    can_cancel = True

    def __init__(self, before_end: Callable[[int], None] = lambda _n: None) -> None:
        self._before_end = before_end

    def step(self, job: Any, *, now: datetime) -> Any:
        from prg_admin.jobs.registry import Step  # noqa: PLC0415 - needs Django, see below
        from prg_admin.topology.models import Cluster  # noqa: PLC0415

        number = job.position.get("next", 0)
        Cluster.objects.create(name=f"c{number}")
        self._before_end(number)
        done = number + 1
        return Step(done, {"next": done}, finished=done == job.total, result={"last": number})

    def title(self, job: Any) -> str:
        return "Counting"

    def words(self, job: Any) -> list[tuple[str, str]]:
        return [("success", f"Counted to {job.done}.")] if job.done else []


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(job_id: int, dies_in_step: int, dies_after_step: int) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from django.utils.timezone import now  # noqa: PLC0415

    from prg_admin.jobs import registry, services  # noqa: PLC0415

    registry.register(KIND, Counting(lambda number: die() if number == dies_in_step else None))
    for number in range(10):
        services.job_step(job_id=job_id, run="first", now=now())
        if number == dies_after_step:
            die()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
