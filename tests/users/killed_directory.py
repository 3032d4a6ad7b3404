"""A worker that synchronises a directory and dies by SIGKILL after so many steps."""

from __future__ import annotations

import os
import signal
import sys


def main(job_id: int, steps: int) -> None:
    import django  # noqa: PLC0415 - the settings come from the environment

    django.setup()
    from django.utils.timezone import now  # noqa: PLC0415

    from prg_admin.jobs.services import job_step  # noqa: PLC0415
    from prg_admin.users import directory_handler, handlers  # noqa: PLC0415

    directory_handler.STEP_S = 0.0
    handlers.BATCH = 2
    for _ in range(steps):
        job_step(job_id=job_id, run="first", now=now())
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
