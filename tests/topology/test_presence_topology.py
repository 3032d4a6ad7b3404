"""The Presence Topology: a tree of clusters, groups and nodes with their users."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from prg_admin.domain.states import NodeState
from prg_admin.topology.models import Cluster
from prg_admin.users.models import PresenceUser
from tests.factories import (
    create_cluster,
    create_group,
    create_node,
    create_pair,
    never_heard,
)

PAGE = "/system/presence-topology/"


def branch(html: str, name: str) -> str:
    return html.split(f'data-group="{name}"')[1].split("</ul>", maxsplit=1)[0]


def leaf(html: str, name: str) -> str:
    return html.split(f'data-node="{name}"')[1].split("</li>", maxsplit=1)[0]


@pytest.fixture
def tokyo(db: None) -> Cluster:
    cluster = create_cluster("tokyo")
    first, second = (
        create_node("imp1", cluster=cluster, users=3),
        create_node("imp2", cluster=cluster),
    )
    create_group("East", members=[first, second], states=[NodeState.NORMAL, NodeState.NORMAL])
    never_heard("imp3", cluster=cluster)
    PresenceUser.objects.create(cluster=cluster, userid="lost")
    return cluster


def test_groups_nodes_and_users_stand_in_the_tree(admin: Client, tokyo: Cluster):
    html = admin.get(PAGE).content.decode()

    east = branch(html, "East")
    assert 'data-node="imp1"' in east
    assert 'data-node="imp2"' in east
    assert 'data-users="3"' in east
    assert "Normal" in leaf(html, "imp1")
    assert 'data-node="imp3"' in branch(html, "")
    assert "1 unassigned user without service" in html
    assert "4 users" in html


def test_a_node_whose_status_cannot_be_read_raises_an_alarm(admin: Client, tokyo: Cluster):
    html = admin.get(PAGE).content.decode()

    assert "Unknown" in leaf(html, "imp3")
    assert 'class="alarm"' in leaf(html, "imp3")
    assert 'class="alarm"' not in leaf(html, "imp1")
    assert "1 node unknown" in html


def test_what_a_survivor_would_have_to_serve(admin: Client, tokyo: Cluster):
    said = branch(admin.get(PAGE).content.decode(), "East")
    assert "if one node fails, the other would serve 3 of 25,000 users" in said
    assert 'data-survivor-over="no"' in said


def test_a_survivor_that_could_not_serve_all_is_marked(admin: Client, tokyo: Cluster):
    node = tokyo.nodes.get(name="imp2")
    many = [PresenceUser(cluster=tokyo, userid=f"u{i}", home=node) for i in range(24_998)]
    PresenceUser.objects.bulk_create(many, batch_size=5000)
    said = branch(admin.get(PAGE).content.decode(), "East")
    assert "the other would serve 25,001 of 25,000 users" in said
    assert 'data-survivor-over="yes"' in said


def test_view_leads_to_the_node_details(admin: Client, tokyo: Cluster):
    node = tokyo.nodes.get(name="imp1")

    assert f'href="/system/servers/{node.pk}/details/"' in leaf(
        admin.get(PAGE).content.decode(), "imp1"
    )


def test_a_group_without_nodes_is_shown(admin: Client):
    create_group("Empty", members=[])

    assert "No node is assigned." in branch(admin.get(PAGE).content.decode(), "Empty")


def test_nothing_there_yet(admin: Client):
    assert "There is no cluster yet" in admin.get(PAGE).content.decode()


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow(
    admin: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for _ in range(count):
        create_group(members=create_pair(users=1))
    admin.get(PAGE)

    with django_assert_max_num_queries(9):
        admin.get(PAGE)


@pytest.mark.parametrize("page", ["1", "2", "99", "x", "-1", ""])
def test_many_clusters_are_paged(admin: Client, page: str):
    for number in range(21):
        create_cluster(f"cluster-{number:02}")

    html = admin.get(PAGE, {"page": page}).content.decode()

    assert html.count("data-cluster=") == (1 if page in ("2", "99", "-1") else 20)


def test_the_live_part_is_the_tree_alone(admin: Client, tokyo: Cluster):
    headers = {"HX-Request": "true", "HX-Target": "topology-tree"}

    html = admin.get(PAGE, headers=headers).content.decode()

    assert 'data-group="East"' in html
    assert "<h1" not in html
