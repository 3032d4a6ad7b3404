"""Diagnostics > System Troubleshooter: what is wrong in a cluster, and who is asked about it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prg_admin.domain.states import NodeState
from prg_admin.topology.models import Cluster
from tests.factories import (
    create_cluster,
    create_group,
    create_node,
    create_presence_users,
    create_user,
)

URL = "/diagnostics/system-troubleshooter/"
NORMAL = (NodeState.NORMAL, NodeState.NORMAL)
FAILED = (NodeState.FAILED, NodeState.FAILED)


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


@pytest.fixture
def healthy(db: None) -> Cluster:
    cluster = create_cluster()
    members = [create_node(name, cluster=cluster, users=2) for name in ("imp1", "imp2")]
    create_group("Tokyo", members=members, states=NORMAL, ha_enabled=True)
    return cluster


def outcomes(html: str) -> dict[str, str]:
    return dict(re.findall(r'data-test="([^"]*)" data-outcome="([^"]*)"', html))


def test_a_healthy_cluster_passes_and_each_node_is_asked_by_its_own_part(admin, healthy: Cluster):
    html = admin.get(URL).content.decode()
    assert set(outcomes(html)) == {"nodes", "users", "high-availability", "states"}
    assert set(outcomes(html).values()) == {"passed"}
    assert html.count("?fragment=self-tests-in-short") == 2


def test_nodes_and_users_without_a_place_are_named_and_led_to(admin: Client, healthy: Cluster):
    create_node("imp3", cluster=healthy)
    create_presence_users(3, cluster=healthy)
    create_presence_users(1, cluster=healthy, is_licensed=False)
    html = unescape(admin.get(URL).content.decode())
    assert outcomes(html)["nodes"] == outcomes(html)["users"] == "warning"
    assert "In no group: imp3." in html
    assert "3 users have no home node and get no service." in html
    assert 'href="/system/presence-redundancy-groups/add/"' in html


@pytest.mark.parametrize(("states", "outcome"), [(FAILED, "failed"), (NORMAL, "passed")])
def test_a_group_in_trouble_leads_to_its_page(admin, healthy: Cluster, states, outcome):
    members = [create_node(name, cluster=healthy) for name in ("imp3", "imp4")]
    group = create_group("Kyoto", members=members, states=states, ha_enabled=True)
    html = admin.get(URL).content.decode()
    assert outcomes(html)["states"] == outcome
    shown = "Kyoto: Running in Failed Mode / Running in Failed Mode" in html
    fix = f'<a href="/system/presence-redundancy-groups/{group.pk}/">fix</a>' in html
    assert shown == fix == (outcome == "failed")


def test_a_group_without_a_peer_is_a_warning(admin: Client, healthy: Cluster):
    create_group("Osaka", members=[create_node("imp3", cluster=healthy)])
    html = admin.get(URL).content.decode()
    assert outcomes(html)["high-availability"] == "warning"
    assert "Nobody takes over in: Osaka." in html


def test_more_nodes_cost_no_more_queries(admin: Client, healthy: Cluster):
    with CaptureQueriesContext(connection) as few:
        admin.get(URL)
    members = [create_node(name, cluster=healthy) for name in ("imp3", "imp4")]
    create_group("Kyoto", members=members, states=NORMAL, ha_enabled=True)
    with CaptureQueriesContext(connection) as many:
        admin.get(URL)
    assert len(few) == len(many)


def test_without_a_cluster_and_with_a_wrong_one(admin: Client):
    assert "There is no cluster yet." in admin.get(URL).content.decode()
    create_node("imp1")
    response = admin.get(URL, {"cluster": "<b>"})
    assert response.status_code == 404
    assert "There is no cluster “&lt;b&gt;”." in response.content.decode()
