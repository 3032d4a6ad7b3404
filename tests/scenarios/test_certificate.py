"""The certificate of a failover and of the fallback after it, of real nodes and real sessions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.fixtures import USERS
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

pytestmark = pytest.mark.processes

EVERYBODY = sum(USERS.values())
ROLLED = """
select count(*) as n from certificates_roll r join topology_node n on n.id = r.node_id
where n.name = 'imp1' and r.confirmed_at > %s::timestamptz
"""
ENDED = """
select ended_id as event from certificates_certificate where begun_id > %s and way = %s
"""
SETTLED = """
select count(*) as n from certificates_certificate
where settled_at is not null and ended_id is not null and begun_id > %s and way = %s
"""


def wait_for(installation: Installation, sql: str, *values: object) -> None:
    wait_until(lambda: installation.query(sql, *values)[0]["n"], f"a row of {values}", seconds=150)


def certificate(installation: Installation, begun: int, way: str) -> dict[str, Any]:
    """Of the movement after that event, once nothing of it changes any more."""
    wait_for(installation, SETTLED, begun, way)
    event = installation.query(ENDED, begun, way)[0]["event"]
    text = installation.manage("utils", "ha", "certificate", str(event), "--json")
    found: dict[str, Any] = json.loads(text)
    return found


def served(found: dict[str, Any], home: str) -> set[tuple[str, str, int, int]]:
    keys = ("server_before", "server_after", "sessions_before", "sessions_after")
    return {tuple(row[key] for key in keys) for row in found["users"] if row["home"] == home}


def test_everybody_is_served_elsewhere_and_then_at_home_again(
    installation: Installation, pair: WatchedPair, person: Person
):
    pair.everybody_is_at_home()
    at = installation.query("select now()::text as at")[0]["at"]
    wait_for(installation, ROLLED, at)
    begun = installation.last_event()
    person.ask_for("failover", "imp1")
    pair.becomes("Idle", "Running in Backup Mode", reason="On Admin Request")
    pair.everybody_is_at("imp2")
    there = certificate(installation, begun, "failover")
    assert there["verdict"] == "equal"
    assert there["users_before"]["users"] == there["users_after"]["users"] == EVERYBODY
    assert served(there, "imp1") == {("imp1", "imp2", 1, 1)}
    assert served(there, "imp2") == {("imp2", "imp2", 1, 1)}
    assert there["sessions"]["on_two_nodes"]["users"] == 0
    begun = installation.last_event()
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
    pair.everybody_is_at_home()
    back = certificate(installation, begun, "fallback")
    assert back["verdict"] == "equal"
    assert served(back, "imp1") == {("imp2", "imp1", 1, 1)}
    assert [row["user"] for row in back["users"]] == [row["user"] for row in there["users"]]
