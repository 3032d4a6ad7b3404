"""Run as a program it steps a job and kills itself where it is told to."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any


def main(job_id: int, words: str) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from django.db import connection  # noqa: PLC0415 - the settings are known only now
    from django.utils.timezone import now  # noqa: PLC0415

    from prg_admin.jobs.services import Progress, job_step  # noqa: PLC0415
    from prg_admin.users import handlers  # noqa: PLC0415

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if words in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    handlers.BATCH = 2
    with connection.execute_wrapper(watch):
        while job_step(job_id=job_id, run="killed", now=now()) is Progress.GOES_ON:
            if words == "between":
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
