"""Find and List Servers."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prg_admin.topology.models import Node
from tests.factories import create_cluster, create_group, create_node, never_heard

URL = "/system/servers/"
DELETE = f"{URL}delete-selected/"
MOST_QUERIES = 12


def names(response) -> list[str]:
    return [row.node.name for row in response.context["rows"]]


@pytest.fixture
def servers(db: None) -> None:
    west = create_cluster("west")
    create_group("Kansai", members=[create_node("imp1", cluster=west, users=2)])
    create_node("imp2", address="imp2.example.com", description="spare", reachable=False)
    never_heard("new")


@pytest.mark.parametrize(
    ("field", "operator", "text", "found"),
    [
        ("name", "begins-with", "IMP", ["imp1", "imp2"]),
        ("description", "is-exactly", "spare", ["imp2"]),
        ("address", "ends-with", "EXAMPLE.COM", ["imp2"]),
        ("cluster", "begins-with", "we", ["imp1"]),
        ("group", "is-empty", "", ["imp2", "new"]),
        ("group", "contains", "kan", ["imp1"]),
        ("version", "is-empty", "", ["new"]),
        ("agent", "is-exactly", "reachable", ["imp1"]),
    ],
)
@pytest.mark.usefixtures("servers")
def test_find(admin: Client, field: str, operator: str, text: str, found: list[str]):
    response = admin.get(URL, {"field": field, "operator": operator, "text": text})
    assert names(response) == found


@pytest.mark.parametrize("sort", ["address", "cluster", "group", "version", "-users", "agent"])
def test_every_heading_sorts(admin: Client, servers: None, sort: str):
    response = admin.get(URL, {"sort": sort})
    assert len(names(response)) == 3
    assert f'href="?{response.context["found"].query}"' not in response.content.decode()


def test_the_live_part_keeps_the_search(admin: Client, servers: None):
    html = admin.get(URL, {"text": "imp1"}).content.decode()
    assert f'hx-get="{URL}?text=imp1"' in html
    part = admin.get(
        URL, {"text": "imp1"}, headers={"HX-Request": "true", "HX-Target": "node-table"}
    )
    assert names(part) == ["imp1"]


def test_the_file(admin: Client, servers: None):
    response = admin.get(URL, {"view": "csv"})
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[1].startswith("imp1,,10.0.")
    assert lines[1].endswith(",west,Kansai,15.0.1.10000-1,2,Reachable,5 of 5 running")
    assert lines[3].endswith(",,,0,Never heard,")


def test_many_servers_cost_no_more_queries(admin: Client):
    costs = []
    for _ in range(2):
        for _ in range(15):
            create_node(users=1)
        with CaptureQueriesContext(connection) as queries:
            admin.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= MOST_QUERIES


def test_delete_selected_asks_first(admin: Client, servers: None):
    keys = list(Node.objects.values_list("pk", flat=True))
    html = admin.post(DELETE, {"node": keys}).content.decode()
    assert "permanently delete one or more servers" in html
    assert Node.objects.count() == 3


def test_who_is_asked_reads_what_would_be_refused(admin: Client, servers: None):
    keys = list(Node.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as few:
        admin.post(DELETE, {"node": keys[:1]})
    with CaptureQueriesContext(connection) as many:
        html = admin.post(DELETE, {"node": keys}).content.decode()
    refused = html.partition('<ul id="refused">')[2].partition("</ul>")[0]
    assert "imp1 is in the group Kansai" in refused
    assert "imp1 has 2 assigned users" in refused
    assert "imp3" not in refused
    assert len(many) == len(few)


def test_delete_selected_deletes_what_it_may_and_says_what_it_may_not(admin: Client, servers: None):
    keys = list(Node.objects.values_list("pk", flat=True))
    response = admin.post(DELETE, {"node": keys, "confirmed": "yes"}, follow=True)
    html = response.content.decode()
    assert "2 servers deleted." in html
    assert "imp1" in html
    assert names(response) == ["imp1"]


@pytest.mark.parametrize("chosen", ["", "x", "-1", "9" * 30])
def test_delete_selected_with_nothing_selected(admin: Client, chosen: str):
    response = admin.post(DELETE, {"node": chosen, "confirmed": "yes"}, follow=True)
    assert "No server is selected" in response.content.decode()
