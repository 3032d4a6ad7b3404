"""A subscriber's tables beside the publisher's.

No view of PostgreSQL shows a row that was lost or changed on the subscriber only, so the contents
are added up on both sides. Replication is always somewhat late, so the sums are taken in this
order:

1. the publisher's, then the end of its log;
2. the subscriber's, after it has applied the log up to there;
3. the publisher's again.

When the publisher's two sums are equal, nothing changed in between, and the subscriber's must be
the same. When they are not, nothing is known, and the verdict stays what it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from prg_admin.agent import clock
from prg_admin.agent.link import Link, NoAnswerError, within

log = logging.getLogger(__name__)

COMPARE_EVERY_S = 5.0
REST_FACTOR = 20.0
"""Summing large tables takes time; at most a twentieth of all time is spent on it."""
LOOK_S = 2.0
SUM_S = 30.0
CATCH_UP_S = 2.0
POLL_S = 0.05
FAILURES = 2
"""Unanswered looks in a row after which the publisher counts as silent."""

PUBLICATIONS = """
select s.subpublications from pg_subscription s
 where s.subdbid = (select oid from pg_database where datname = current_database())
"""
PUBLISHED = """
select count(*), pg_current_wal_lsn()::text from pg_publication_tables where pubname = any(%s)
"""
# A table with a row filter differs rightly.
COMPARABLE = """
select schemaname::text, tablename::text, attnames::text[] from pg_publication_tables
 where pubname = any(%s) and rowfilter is null order by 1, 2
"""
LOG_END = "select pg_current_wal_insert_lsn()::text"
APPLIED = """
select coalesce(bool_and(st.latest_end_lsn >= %s::pg_lsn), false)
  from pg_subscription s
  left join pg_stat_subscription st
    on st.subid = s.oid and st.relid is null and st.leader_pid is null
 where s.subdbid = (select oid from pg_database where datname = current_database())
"""

Sum = tuple[Any, ...]


class Table(NamedTuple):
    schema: str
    name: str
    columns: list[str]


class Comparison:
    """What the publisher says, and whether the contents are the same.

    ``changed`` is called when the verdict or the publisher's silence has changed.
    """

    def __init__(self, own: Link, publisher: Link, *, changed: Callable[[], None]) -> None:
        self._own = own
        self._publisher = publisher
        self._changed = changed
        self._failures = 0
        self._due_at = 0.0
        self.answers: bool | None = None
        """Whether the publisher does; None before it was asked."""
        self.expected_tables: int | None = None
        self.log_end: str | None = None
        self.same: bool | None = None

    def forget(self) -> None:
        """Another subscription: what was found before says nothing of it."""
        self.same = None
        self._due_at = 0.0

    async def look(self, *, ready: bool) -> None:
        """Once; ``ready`` when the contents may be compared. Never raises for a database."""
        before = (self.answers, self.expected_tables, self.same)
        try:
            names = await within(LOOK_S, self._publications(), self._own)
            await self._ask_publisher(names)
            if self.answers and ready and clock.now() >= self._due_at:
                await self._compare_in_time(names)
        except NoAnswerError as error:
            log.info("the contents were not compared: %s", error)
        except psycopg.Error as error:
            log.warning("the contents cannot be compared: %s", error)
        if before != (self.answers, self.expected_tables, self.same):
            self._changed()

    async def _publications(self) -> list[str]:
        rows = await self._own.rows(PUBLICATIONS)
        return sorted({name for (publications,) in rows for name in publications})

    async def _ask_publisher(self, names: list[str]) -> None:
        try:
            asked = self._publisher.rows(PUBLISHED, names)
            count, self.log_end = (await within(LOOK_S, asked, self._publisher))[0]
        except NoAnswerError as error:
            self._note_silence(error)
            return
        self.expected_tables = count if names else None
        self.answers, self._failures = True, 0

    def _note_silence(self, error: NoAnswerError) -> None:
        self._failures += 1
        self.log_end = None
        if self._failures == FAILURES:
            log.warning("the publisher's database does not answer: %s", error)
        if self._failures >= FAILURES:
            self.answers = False

    async def _compare_in_time(self, names: list[str]) -> None:
        began = clock.now()
        verdict = await within(SUM_S, self._compare(names), self._own, self._publisher)
        now = clock.now()
        self._due_at = now + max(COMPARE_EVERY_S, REST_FACTOR * (now - began))
        if verdict is not None:
            self.same = verdict

    async def _compare(self, names: list[str]) -> bool | None:
        tables = [Table(*row) for row in await self._publisher.rows(COMPARABLE, names)]
        if not tables:
            return None
        theirs = [await _sum(self._publisher, table) for table in tables]
        (log_end,) = (await self._publisher.rows(LOG_END))[0]
        if not await self._has_applied(log_end):
            return None
        ours = [await _sum(self._own, table) for table in tables]
        if ours == theirs:
            return True
        again = [await _sum(self._publisher, table) for table in tables]
        return False if again == theirs else None

    async def _has_applied(self, log_end: str) -> bool:
        deadline = clock.now() + CATCH_UP_S
        while not (await self._own.rows(APPLIED, log_end))[0][0]:
            if clock.now() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def close(self) -> None:
        await self._own.close()
        await self._publisher.close()


async def _sum(link: Link, table: Table) -> Sum:
    query = sql.SQL("select count(*), sum(hashtextextended(row({})::text, 0)) from {}").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.Identifier(table.schema, table.name),
    )
    return (await link.rows(query))[0]
