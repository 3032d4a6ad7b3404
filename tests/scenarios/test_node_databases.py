"""Each node's own database: broken replication is seen, and a failing database moves the users."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import becomes, wait_until

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
DATABASE_FAILURE = "Database Failure"


def name_of(installation: Installation, node: str) -> str:
    """Of the node's database, and of its subscription."""
    return f"{installation.database_url.rpartition('/')[2]}_{node}"


def at(installation: Installation, node: str, statement: str) -> None:
    """As a superuser in the node's own database."""
    url = f"{installation.database_url}_{node}"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(statement)


def value(installation: Installation, node: str) -> int | None:
    """As the engine heard it last."""
    (row,) = installation.query(
        "select r.document -> 'database' -> 'replication' as value from topology_nodereport r"
        " join topology_node n on n.id = r.node_id where n.name = %s",
        node,
    )
    found: int | None = row["value"]
    return found


@contextmanager
def disabled(installation: Installation, node: str) -> Iterator[None]:
    subscription = name_of(installation, node)
    at(installation, node, f"alter subscription {subscription} disable")
    try:
        yield
    finally:
        at(installation, node, f"alter subscription {subscription} enable")


@contextmanager
def locked_out(installation: Installation, node: str) -> Iterator[None]:
    """Nobody comes into the node's database, and nobody is left in it."""
    database = name_of(installation, node)
    installation.query(f"alter database {database} allow_connections false")
    try:
        installation.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", database
        )
        yield
    finally:
        installation.query(f"alter database {database} allow_connections true")


def test_a_subscription_that_is_stopped_is_seen_on_the_page_and_in_the_command_line(
    installation: Installation, pair: WatchedPair, person: Person
):
    becomes(lambda: value(installation, "imp2"), 2)
    before = installation.last_event()
    with disabled(installation, "imp2"):
        becomes(lambda: value(installation, "imp2"), 1)
        page = person.get(f"/system/servers/{installation.node_id('imp2')}/")
        assert "The subscription is disabled." in page
        told = json.loads(installation.manage("utils", "dbreplication", "runtimestate", "--json"))
        assert {s["name"]: s["replication"] for s in told[0]["servers"]}["imp2"] == 1
    becomes(lambda: value(installation, "imp2"), 2)
    assert pair.rules(after=before) == []


def test_a_database_that_fails_moves_all_users_and_a_fallback_brings_them_home(
    installation: Installation, pair: WatchedPair, person: Person
):
    running = installation.services("imp1")
    with locked_out(installation, "imp1"):
        pair.becomes(SERVICES_DOWN, BACKUP, reason=DATABASE_FAILURE)
        pair.everybody_is_at("imp2")
    pair.becomes("Failed Over", BACKUP, reason=DATABASE_FAILURE)
    assert installation.services("imp1") == running
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
    pair.everybody_is_at_home()
    becomes(lambda: value(installation, "imp2"), 2)


def test_a_server_that_all_databases_share_is_no_failure_of_both_nodes(
    installation: Installation, pair: WatchedPair
):
    before = installation.last_event()
    installation.stop("postgres")
    stopped_at = time.monotonic()
    # Longer than the Critical Service Delay.
    wait_until(lambda: time.monotonic() > stopped_at + 4, "the nodes miss their databases for long")
    installation.start("postgres")
    wait_until(lambda: _reads(installation) == [2, 2], "replication is good again")
    pair.stays_normal(seconds=2)
    assert pair.rules(after=before) == []


def _reads(installation: Installation) -> list[int | None]:
    try:
        return [value(installation, "imp1"), value(installation, "imp2")]
    except psycopg.OperationalError:
        return []
