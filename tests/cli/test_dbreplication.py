"""``utils dbreplication``: the original's layout (domain facts 8.2), JSON, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from prg_admin.domain.wire import DatabaseReport, PeerReport
from prg_admin.topology.models import Node
from tests.factories import create_cluster, create_node, create_report, never_heard

Run = Callable[..., str]
GOOD = DatabaseReport(True, None, 2, "equal: 2", 0)
PUBLISHER = DatabaseReport(True, None, 2, "publishes: 2")


@pytest.fixture
def dbreplication(db: None) -> Run:
    def run(*words: str) -> str:
        out = StringIO()
        call_command("utils", "dbreplication", *words, stdout=out)
        return out.getvalue()

    return run


def create(name: str, database: DatabaseReport | None, **more: object) -> Node:
    cluster = getattr(Node.objects.first(), "cluster", None) or create_cluster()
    report = create_report(name, database=database, peer=more.pop("peer", None))
    return create_node(name, cluster=cluster, publisher="pub", report=report, **more)


def table(text: str) -> list[str]:
    lines = text.splitlines()
    return lines[next(i for i, line in enumerate(lines) if "PING" in line) :]


def row(text: str, name: str) -> str:
    return next(line for line in table(text) if line.startswith(name))


def test_the_layout_of_runtimestate(dbreplication: Run):
    create("sub", GOOD, address="10.0.0.2")
    create("pub", PUBLISHER, address="10.0.0.1")

    text = dbreplication("runtimestate")

    assert text.startswith("Server Time: ")
    assert "Cluster Replication State: replication is good (2) on every server." in text
    assert "Cluster Detailed View from the engine (2 Servers):" in text
    assert table(text) == [
        "                         PING    DB/RPC/  REPL.  Replication  REPLICATION SETUP",
        "SERVER-NAME  IP ADDRESS  (msec)  DbMon?   QUEUE  Group ID     (RTMT) & Details",
        "-----------  ----------  ------  -------  -----  -----------  ----------------",
        "pub          10.0.0.1    1.000   Y/Y/Y    -      (g_2)        (2) Setup Completed",
        "sub          10.0.0.2    1.000   Y/Y/Y    0      (g_3)        (2) Setup Completed",
    ]


@pytest.mark.parametrize(
    ("database", "facts", "setup"),
    [
        (DatabaseReport(True, None, 0, "copying: t"), "Y/Y/Y", "(0) Initializing: Tables are"),
        (DatabaseReport(True, None, 1, "disabled"), "Y/Y/Y", "(1) Setup Incomplete: The subscr"),
        (DatabaseReport(True, None, 3, "different"), "Y/Y/Y", "(3) Mismatched: Changes arrive,"),
        (DatabaseReport(True, None, 4, "no-worker"), "Y/Y/Y", "(4) Setup Failed: No process"),
        (DatabaseReport(False, 9.0, None, "no-answer: gone"), "N/Y/N", "(-) Not Setup: The data"),
        (DatabaseReport(True, None, None, "unreadable: x"), "Y/Y/N", "(-) Not Setup: The state"),
        (None, "N/Y/N", "(-) Not Setup"),
    ],
)
def test_each_value(dbreplication: Run, database: DatabaseReport | None, facts: str, setup: str):
    create("sub", database)
    line = row(dbreplication("runtimestate"), "sub")
    assert f" {facts} " in line
    assert setup in line


def test_an_unreachable_node_is_not_set_up_whatever_it_said_before(dbreplication: Run):
    create("sub", GOOD, reachable=False, error="timeout")
    assert row(dbreplication("runtimestate"), "sub").split()[2:] == [
        "-", "N/N/N", "-", "(g_2)", "(-)", "Not", "Setup"
    ]  # fmt: skip


def test_a_node_that_was_never_heard(dbreplication: Run):
    never_heard("new")
    assert row(dbreplication("runtimestate"), "new").endswith("(-) Not Setup")


def test_the_queue_is_what_the_subscriber_has_still_to_apply(dbreplication: Run):
    create("sub", DatabaseReport(True, None, 2, "equal: 2", 4711))
    assert " 4711 " in row(dbreplication("runtimestate"), "sub")


def test_as_seen_from_a_node_which_pings_its_peer_only(dbreplication: Run):
    create("pub", PUBLISHER)
    create("sub", GOOD, peer=PeerReport("pub", 0.1, 0.25, "", ()))
    text = dbreplication("runtimestate", "SUB")
    assert "Cluster Detailed View from sub (2 Servers):" in text
    assert row(text, "pub").split()[2] == "0.250"
    assert row(text, "sub").split()[2] == "-"


@pytest.mark.parametrize("known", ["imp1", None])
def test_an_unknown_node_is_refused_with_those_known(dbreplication: Run, known: str | None):
    if known:
        create(known, GOOD)
    with pytest.raises(CommandError, match=f"no node 'nope'. Known nodes: {known or 'none'}."):
        dbreplication("runtimestate", "nope")


def test_status_when_all_tables_are_equal(dbreplication: Run):
    create("pub", PUBLISHER)
    create("sub", GOOD)
    text = dbreplication("status")
    assert "tables of 1 servers checked out of 1." in text
    assert "No Errors or Mismatches found." in text


def test_status_names_mismatches_and_what_was_not_checked(dbreplication: Run):
    create("pub", PUBLISHER)
    create("differs", DatabaseReport(True, None, 3, "different", 0))
    create("stopped", DatabaseReport(True, None, 1, "disabled"))
    text = dbreplication("status")
    assert "tables of 1 servers checked out of 2." in text
    assert "Mismatches found on: differs." in text
    assert "Not checked: stopped, (1) Setup Incomplete." in text
    assert "No Errors" not in text


def test_status_without_any_connected_subscriber(dbreplication: Run):
    create("pub", PUBLISHER)
    create("sub", None)
    assert "No active connected replication servers found." in dbreplication("status")


@pytest.mark.parametrize("verb", ["status", "runtimestate"])
def test_json_for_scripts(dbreplication: Run, verb: str):
    create("pub", PUBLISHER)
    create("sub", DatabaseReport(True, None, 4, "no-worker"), address="10.0.0.2")
    (cluster,) = json.loads(dbreplication(verb, "--json"))
    assert cluster["good"] is False
    assert cluster["servers"][1] == {
        "name": "sub",
        "address": "10.0.0.2",
        "publisher": False,
        "ping_ms": 1.0,
        "database_answers": True,
        "agent_answers": True,
        "replication_read": True,
        "queue_bytes": None,
        "group": "g_3",
        "replication": 4,
        "setup": "Setup Failed",
        "details": "No process applies the publisher's changes.",
    }


def test_without_any_server(dbreplication: Run):
    assert dbreplication("status") == "There are no servers.\n"
