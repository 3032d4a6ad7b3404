"""Each node's own database: broken replication is seen, and a failing database moves the users."""

from __future__ import annotations

import json
import time

import psycopg
import pytest

from tests.scenarios.databases import disabled, locked_out, value
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import becomes, wait_until

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
DATABASE_FAILURE = "Database Failure"


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
