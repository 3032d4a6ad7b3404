"""What agents call in: who is believed, and what comes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from prg_admin.domain.states import NodeState, Role
from prg_admin.groups.models import Member
from prg_admin.lib.clock import steady_now
from prg_admin.recovery import services
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node, NodeReport
from tests.factories import create_group
from tests.recovery.agents import SimPair, create_quick_cluster, create_sim_node, key_of

S = NodeState


@pytest.fixture
def client() -> Client:
    """An agent has neither a session nor a token against forgery."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The tasks that were sent."""
    tasks: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(services, "enqueue", lambda name, **kwargs: tasks.append((name, kwargs)))
    return tasks


def note(**changes: Any) -> dict[str, Any]:
    return {"node": "a", "boot_id": "1", "kind": "alive", "detail": "", **changes}


def call(client: Client, body: Any, key: str | None = None) -> HttpResponse:
    """As an agent does; ``key`` is node a's own unless given, "" sends none."""
    key = key_of("a") if key is None else key
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = reverse("recovery:call-in")
    return client.post(url, text, content_type="application/json", headers=headers)


def test_an_alive_note_renews_the_right_and_is_kept(pair: SimPair, client: Client):
    before = steady_now()
    response = call(client, note())
    assert (response.status_code, response.json()) == (200, {"answer": "renewed"})
    assert before <= NodeReport.objects.get(node__name="a").heard_at <= steady_now()


def test_an_alive_note_of_a_node_whose_users_were_given_away_renews_nothing(
    pair: SimPair, client: Client
):
    before = NodeReport.objects.get(node__name="a").heard_at
    Member.objects.filter(node__name="a").update(ordered=Role.STANDBY)
    response = call(client, note())
    assert (response.status_code, response.json()) == (409, {"answer": "given-away"})
    assert NodeReport.objects.get(node__name="a").heard_at == before


def test_a_free_node_may_say_it_is_alive(pair: SimPair, client: Client):
    pair.group_id = 0
    Member.objects.all().delete()
    assert call(client, note()).status_code == 200


@pytest.mark.parametrize(
    ("change", "key"),
    [
        pytest.param({}, "another", id="wrong key"),
        pytest.param({}, key_of("b"), id="the peer's key"),
        pytest.param({"node": "nobody"}, key_of("nobody"), id="no such node"),
        pytest.param({"node": "A"}, key_of("a"), id="other case"),
        pytest.param({}, "schlüssel", id="not ASCII"),
    ],
)
def test_who_has_not_the_nodes_key_is_not_believed(pair, client: Client, change, key: str):
    before = NodeReport.objects.get(node__name="a").heard_at
    response = call(client, note(**change), key)
    assert (response.status_code, response.json()) == (403, {"answer": "unknown"})
    assert NodeReport.objects.get(node__name="a").heard_at == before


def test_a_node_that_was_never_enrolled_is_not_believed(pair: SimPair, client: Client):
    Node.objects.filter(name="a").update(key_hash="")
    assert call(client, note(), "x").status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "bearer"])
def test_without_a_key_nothing_is_read(db: None, client: Client, header: str):
    url = reverse("recovery:call-in")
    headers = {"Authorization": header} if header else {}
    response = client.post(url, "{", content_type="application/json", headers=headers)
    assert (response.status_code, response.json()) == (401, {"error": "no-key"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "CallIn is not JSON"),
        ("[]", "CallIn must be an object"),
        (b"\xff", "CallIn is not JSON"),
        ("[" * 3000, "CallIn is not JSON"),
        ({"node": "a"}, "CallIn.boot_id is missing"),
        (note(extra=1), "CallIn.extra is not a known field"),
        (note(kind="hello"), "CallIn.kind is not one of"),
        (note(kind=[]), "CallIn.kind is not one of"),
        (note(node=7), "CallIn.node must be of type str"),
        (note(node="a\x00"), "CallIn.node"),
        (note(boot_id="\ud800"), "CallIn.boot_id"),
        (note(boot_id="1" * 500), "CallIn.boot_id"),
    ],
)
def test_a_bad_document_is_refused_by_the_field(pair, client: Client, body: Any, told: str):
    response = call(client, body)
    assert response.status_code == 400
    assert response.json()["error"] == "bad-document"
    assert told in response.json()["detail"]


@pytest.mark.parametrize("size", [5_000, 3_000_000])
def test_a_document_that_is_too_large_is_not_read(db: None, client: Client, size: int):
    response = call(client, note(detail="x" * size))
    assert (response.status_code, response.json()) == (413, {"error": "too-large"})


def test_it_is_only_posted(client: Client, db: None):
    for method in (client.get, client.put, client.delete):
        assert method(reverse("recovery:call-in")).status_code == 405


@pytest.mark.parametrize("kind", ["started", "service", "goal", "peer"])
def test_a_note_about_a_member_wakes_the_engine_for_its_group(
    pair: SimPair, client: Client, sent: list, kind: str
):
    events = Event.objects.count()
    response = call(client, note(kind=kind))
    assert (response.status_code, response.json()) == (202, {"answer": "noted"})
    assert sent == [("recovery.evaluate", {"group_id": pair.group_id})]
    assert Event.objects.count() == events  # what happened is asked of the agent itself


def test_a_note_about_a_free_node_makes_the_engine_look_at_it(db, client: Client, sent: list):
    node = create_sim_node("a", create_quick_cluster())
    assert call(client, note(kind="started")).status_code == 202
    assert sent == [("recovery.look", {"node_id": node.pk})]


def test_a_goodbye_lets_the_peer_take_over_at_once(pair: SimPair, client: Client, sent: list):
    before = pair.group_version()
    pair.nodes[0].crash()
    assert call(client, note(kind="goodbye")).status_code == 202
    pair.advance()
    assert pair.fired(after=before) == ["goodbye", "take-over-done-down"]
    assert pair.served == ([], ["a", "b"])


def test_a_goodbye_of_an_earlier_boot_means_nothing(pair: SimPair, client: Client, sent: list):
    pair.nodes[0].start(pair.clock)
    pair.run(1)
    before = pair.group_version()
    pair.nodes[0].crash()
    call(client, note(kind="goodbye"))
    pair.advance()
    assert pair.fired(after=before) == []


def test_a_node_of_a_group_without_its_peer_is_looked_at_too(db, client: Client, sent: list):
    node = create_sim_node("a", create_quick_cluster())
    group = create_group(members=[node])
    assert call(client, note(kind="service")).status_code == 202
    assert sent == [("recovery.evaluate", {"group_id": group.pk})]
