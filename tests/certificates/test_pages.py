"""Certificates on pages, as files and on the command line."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prg_admin.certificates.models import Certificate
from prg_admin.topology.models import Node
from tests.certificates.movements import (
    create_people,
    fail_over,
    fall_back,
    gather_all,
    newest,
)
from tests.certificates.nodes import Nodes
from tests.recovery.agents import SimPair
from tests.users.cluster import SQL

MANY = 25_000


@pytest.fixture
def moved(pair: SimPair, nodes: Nodes) -> Certificate:
    create_people(ann="a", bob="a", eve="b", **{"=1+1": "b"})
    nodes.log_in("a", "ann", "bob")
    nodes.log_in("b", "eve")
    gather_all(pair)
    nodes.log_in("a")
    nodes.log_in("b", "ann", "eve")
    fail_over(pair)
    return newest()


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    parts = answer.streaming_content if answer.streaming else [answer.content]
    return b"".join(parts).decode()


def test_the_page_of_every_event_of_the_movement_leads_to_it(reader: Client, moved: Certificate):
    for event in (moved.begun, moved.ended):
        page = read(reader, f"/certificates/events/{event.pk}/")
        assert "The same users before and after: 4" in page
        assert "Users who had a session before: 3. Of these, logged in again: 2." in page
        assert moved.summary["proof"]["before"]["sha256"] in page
    address = f"/certificates/events/{moved.begun_id}/"
    assert address in read(reader, f"/recovery/events/{moved.begun_id}/")
    assert f"/certificates/groups/{moved.group_id}/" in read(
        reader, f"/system/presence-redundancy-groups/{moved.group_id}/"
    )
    listed = read(reader, f"/certificates/groups/{moved.group_id}/")
    assert f"/certificates/events/{moved.ended_id}/csv/" in listed


def test_the_certificates_of_a_group_as_a_file_and_on_paper(reader: Client, moved: Certificate):
    address = f"/certificates/groups/{moved.group_id}/"
    head, line = read(reader, f"{address}?view=csv").lstrip("\ufeff").splitlines()
    assert head == "Time,Movement,Verdict"
    assert ',Failover,"The same users before and after' in line
    paper = read(reader, f"{address}?view=print")
    assert "The same users before and after" in paper
    assert "printed by" in paper


def test_an_event_that_moved_nobody_says_so(reader: Client, pair: SimPair):
    event = pair.events()[0]
    assert "there is no certificate" in read(reader, f"/certificates/events/{event.pk}/")
    assert reader.get(f"/certificates/events/{event.pk}/csv/").status_code == 404
    assert "No users of this group" in read(reader, f"/certificates/groups/{pair.group_id}/")


def test_a_movement_under_way_has_no_file_yet(reader: Client, moved: Certificate):
    Certificate.objects.filter(pk=moved.pk).update(ended=None, way="", summary=None)
    page = read(reader, f"/certificates/events/{moved.begun_id}/")
    assert "under way" in page
    assert reader.get(f"/certificates/events/{moved.begun_id}/json/").status_code == 404
    assert "Under way" in read(reader, f"/certificates/groups/{moved.group_id}/")


def test_an_unknown_kind_of_file(reader: Client, moved: Certificate):
    assert reader.get(f"/certificates/events/{moved.begun_id}/xml/").status_code == 404


def test_the_json_has_every_user_and_its_digest_can_be_made_again(
    reader: Client, moved: Certificate
):
    found = json.loads(read(reader, f"/certificates/events/{moved.ended_id}/json/"))
    assert (found["way"], found["verdict"]) == ("failover", "equal")
    users = "".join(f"{row['user']}\n" for row in found["users"]).encode()
    assert hashlib.sha256(users).hexdigest() == found["users_after"]["sha256"]
    assert found["users_before"]["users"] == found["users_after"]["users"] == 4
    assert found["users"][1] == {
        "user": "ann",
        "home": "a",
        "server_before": "a",
        "server_after": "b",
        "sessions_before": 1,
        "sessions_after": 1,
    }
    assert found["nodes"][0]["sessions_by_user_before_at"] is not None
    assert found["began"]["actor"] == "alice"


def test_the_csv_tells_the_proof_and_then_every_user(reader: Client, moved: Certificate):
    text = read(reader, f"/certificates/events/{moved.ended_id}/csv/").removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(text)))
    told = dict(line for line in lines if line[0].startswith("# "))
    assert told["# verdict"] == "equal"
    assert told["# users_before.sha256"] == moved.summary["proof"]["before"]["sha256"]
    rows = [line for line in lines if not line[0].startswith("# ")]
    assert rows[0][:3] == ["user", "home", "server_before"]
    assert rows[1] == ["'=1+1", "b", "b", "b", "0", "0"]
    assert rows[2] == ["ann", "a", "a", "b", "1", "1"]
    assert len(rows) == 5


def test_in_japanese(reader: Client, moved: Certificate):
    reader.cookies["django_language"] = "ja"
    found = json.loads(read(reader, f"/certificates/events/{moved.ended_id}/json/"))
    assert "ユーザ" in found["verdict_text"]


def utils(*words: str) -> str:
    out = StringIO()
    call_command("utils", "ha", "certificate", *words, stdout=out)
    return out.getvalue()


def test_on_the_command_line(moved: Certificate):
    text = utils(str(moved.begun_id))
    assert "Movement: failover" in text
    assert "Node b serves the users of: b -> a, b" in text
    assert json.loads(utils(str(moved.ended_id), "--json"))["verdict"] == "equal"
    assert "ann,a,a,b,1,1" in utils(str(moved.ended_id), "--csv")
    with pytest.raises(CommandError, match="There is no event 0"):
        utils("0")


def test_25_000_users_cost_as_many_queries_as_four(
    reader: Client, moved: Certificate, pair: SimPair, nodes: Nodes
):
    few = _queries(reader, moved)
    _add_many(pair)
    pair.run(1)
    _back_and_over(pair)
    many = newest()
    assert many.summary["proof"]["after"]["users"] == MANY + 4
    assert many.summary["proof"]["verdict"] == "equal"
    assert _queries(reader, many) == few


def _queries(reader: Client, certificate: Certificate) -> list[int]:
    counts = []
    for kind in ("", "csv/", "json/"):
        with CaptureQueriesContext(connection) as queries:
            read(reader, f"/certificates/events/{certificate.ended_id}/{kind}")
        counts.append(len(queries))
    return counts


def _add_many(pair: SimPair) -> None:
    node = Node.objects.get(name="a")
    with connection.cursor() as cursor:
        cursor.execute(SQL, [node.cluster_id, node.pk, 1, MANY])


def _back_and_over(pair: SimPair) -> None:
    fall_back(pair)
    fail_over(pair)
