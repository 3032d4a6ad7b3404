"""A test that fails on a time limit shows who kept a transaction open in its database.

Emptying the tables after a test waits for every other session; without this the one that is waited
for could only be guessed.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import psycopg
import pytest

OPEN = """
select pid, state, application_name, now() - xact_start as open_for, wait_event_type, wait_event,
       pg_blocking_pids(pid) as waits_for, left(query, 300) as query
from pg_stat_activity
where xact_start is not null and datname is not null and pid <> pg_backend_pid()
order by xact_start
"""


def open_transactions(address: str) -> list[str]:
    """One line for each, oldest first, of all databases of the server."""
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as link:
        found = link.execute(OPEN)
        names = [column.name for column in found.description or ()]
        return [
            ", ".join(f"{name}: {value}" for name, value in zip(names, row, strict=True))
            for row in found
        ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and "Timeout" in str(report.longrepr):
        lines = open_transactions(os.environ["DATABASE_URL"])
        report.sections.append(("open transactions", "\n".join(lines)))
    return report
