"""A forgotten transaction is named, and does not hold up the others for good."""

from __future__ import annotations

import os

import psycopg

from tests.plugins.sessions import open_transactions

ADDRESS = os.environ["DATABASE_URL"]


def test_who_keeps_a_transaction_open_is_named():
    with psycopg.connect(ADDRESS, application_name="forgetful") as link:
        link.execute("select 42")
        pid = link.info.backend_pid
        (line,) = [line for line in open_transactions(ADDRESS) if "forgetful" in line]
    assert f"pid: {pid}" in line
    assert "idle in transaction" in line
    assert "select 42" in line


def test_a_forgotten_transaction_of_the_test_servers_ends_by_itself():
    with psycopg.connect(ADDRESS) as link:
        (limit,) = link.execute("show idle_in_transaction_session_timeout").fetchone()
    assert limit == "2min"
