"""Parameters for all servers, out of sync and modified; and the help on all parameters."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import SRM, XCP_ROUTER, parameters_of
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Node
from tests.factories import create_cluster, create_pair, create_user

pytestmark = pytest.mark.django_db

BASE = "/system/service-parameters/"
UPPER, INTERVAL = catalogue.RE_LOGIN_UPPER, catalogue.HEART_BEAT_INTERVAL


@pytest.fixture
def alice(client: Client) -> Client:
    client.force_login(create_user(username="alice"))
    return client


@pytest.fixture
def pair() -> tuple[Node, Node]:
    first, second = create_pair()
    for node, value in ((first, "620"), (None, "")):
        if node:
            set_value(first, UPPER, value, node=node)
    return first, second


def set_value(of: Node, name: str, value: str, *, node: Node | None = None) -> None:
    ParameterValue.objects.create(
        cluster=of.cluster, node=node, service=SRM, name=name, value=value
    )


def page(client: Client, which: str, node: Node, **more: Any) -> str:
    query = {"cluster": node.cluster_id, "service": SRM, **more}
    return client.get(f"{BASE}{which}/", query).content.decode()


def names(html: str) -> list[str]:
    return [part.split('"')[0] for part in html.split('data-parameter="')[1:]]


def values(html: str, parameter: str) -> str:
    return html.split(f'data-parameter="{parameter}"')[1].split("</tr>", maxsplit=1)[0]


def test_all_parameters_are_listed_by_name_ten_to_a_page(alice: Client, pair: tuple[Node, Node]):
    first, second = page(alice, "all-servers", pair[0]), page(alice, "all-servers", pair[0], page=2)

    listed = names(first) + names(second)
    assert len(names(first)) == 10
    assert sorted(listed) == sorted(p.name for p in parameters_of(SRM))
    labels = [catalogue.BY_KEY[SRM, name].label.casefold() for name in listed]
    assert labels == sorted(labels)
    assert 'rel="next"' in first
    assert 'rel="prev"' in second


def test_each_servers_value_leads_to_its_page(alice: Client, pair: tuple[Node, Node]):
    html = values(page(alice, "all-servers", pair[0]), UPPER)

    for node in pair:
        assert f"server={node.pk}&amp;service=Cisco%20Server%20Recovery%20Manager" in html
    assert "620 seconds" in html
    assert "537 seconds" in html


def test_out_of_sync_are_those_that_differ(alice: Client, pair: tuple[Node, Node]):
    set_value(pair[0], INTERVAL, "5")
    assert names(page(alice, "out-of-sync", pair[0])) == [UPPER]
    set_value(pair[0], UPPER, "620", node=pair[1])
    assert "have the same values" in page(alice, "out-of-sync", pair[0])


def test_modified_are_those_that_are_not_as_suggested(alice: Client, pair: tuple[Node, Node]):
    set_value(pair[0], INTERVAL, "5")
    html = page(alice, "modified", pair[0])
    assert set(names(html)) == {UPPER, INTERVAL}
    assert values(html, INTERVAL).count("is-modified") == 2
    assert values(html, UPPER).count("is-modified") == 1
    assert "is as suggested" in page(alice, "modified", pair[0], service=XCP_ROUTER)


def test_the_file_has_a_line_for_each_parameter_and_a_column_for_each_server(
    alice: Client, pair: tuple[Node, Node]
):
    query = {"cluster": pair[0].cluster_id, "service": SRM, "view": "csv"}
    response = alice.get(f"{BASE}all-servers/", query)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    head, *lines = csv.reader(text.splitlines())
    assert head[:3] == ["Parameter Name", "(Clusterwide)", "Suggested Value"]
    assert head[3:] == sorted(node.name for node in pair)
    assert len(lines) == len(parameters_of(SRM))
    upper = next(line for line in lines if line[0] == "Client Re-Login Upper Limit")
    assert sorted(upper[3:]) == ["537 seconds", "620 seconds"]
    assert 'filename="parameters-all.csv"' in response["Content-Disposition"]


def test_the_file_of_modified_parameters_has_those_alone(alice: Client, pair: tuple[Node, Node]):
    query = {"cluster": pair[0].cluster_id, "service": SRM, "view": "csv"}
    response = alice.get(f"{BASE}modified/", query)
    text = b"".join(response.streaming_content).decode()
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["Client Re-Login Upper Limit"]


def test_on_paper_stand_all_of_them(alice: Client, pair: tuple[Node, Node]):
    html = page(alice, "all-servers", pair[0], view="print")
    assert sorted(names(html)) == sorted(p.name for p in parameters_of(SRM))
    assert "<form" not in html
    assert "printed by alice" in html


@pytest.mark.parametrize("which", ["all-servers", "out-of-sync", "modified"])
@pytest.mark.parametrize("query", [{"service": "<b>"}, {"cluster": "9" * 500}, {"cluster": "x"}])
def test_what_is_not_there_is_a_sentence(alice: Client, pair: Any, which: str, query: Any):
    answer = alice.get(f"{BASE}{which}/", query)
    assert answer.status_code == 404
    assert "There is no cluster or service" in answer.content.decode()


def test_without_any_server_the_page_says_so(alice: Client):
    assert "There is no server yet" in alice.get(f"{BASE}all-servers/").content.decode()


def test_the_number_of_queries_does_not_grow(
    alice: Client, pair: tuple[Node, Node], django_assert_max_num_queries: DjangoAssertNumQueries
):
    for _ in range(20):
        create_pair(create_cluster())
    page(alice, "all-servers", pair[0])
    with django_assert_max_num_queries(8):
        page(alice, "all-servers", pair[0])


def test_the_parameter_page_leads_to_them_and_to_the_help(alice: Client, pair: Any):
    query = {"server": pair[0].pk, "service": SRM}
    html = alice.get(BASE, query).content.decode()
    place = f"?cluster={pair[0].cluster_id}&amp;service=Cisco+Server+Recovery+Manager"
    for which in ("all-servers", "out-of-sync", "modified"):
        assert f"{BASE}{which}/{place}" in html
    assert f"{BASE}help/?service=Cisco+Server+Recovery+Manager#{INTERVAL}" in html


def test_the_help_has_an_anchor_for_every_parameter(alice: Client):
    html = alice.get(f"{BASE}help/", {"service": SRM}).content.decode()
    for parameter in parameters_of(SRM):
        assert f'id="{parameter.name}"' in html
    assert "How often the Server Recovery Manager sends" in html


def test_help_on_a_service_without_parameters(alice: Client):
    answer = alice.get(f"{BASE}help/", {"service": "Cisco SIP Proxy"})
    assert answer.status_code == 404
    assert "has no parameters" in answer.content.decode()
