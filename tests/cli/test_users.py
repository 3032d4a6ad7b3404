"""``utils users server``: who serves a user now, and who would if a node failed."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from prg_admin.domain.states import NodeState, Role
from prg_admin.groups.models import Member
from prg_admin.users.models import PresenceUser
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    town = create_town()
    town.add("ann", home=town.node(1))
    town.add("carol")
    return town


def server(*words: str) -> str:
    out = StringIO()
    call_command("utils", "users", "server", *words, stdout=out)
    return out.getvalue()


def test_who_serves_and_who_would(town: Town):
    one, two = town.node(1).name, town.node(2).name
    said = server("ANN")
    assert f"Home node: {one} " in said
    assert f"Served by: {one}\n" in said
    assert f"If {one} failed, served by: {two}\n" in said
    assert f"If {two} failed, served by: {one}\n" in said


def test_of_one_node_after_a_failover(town: Town):
    one, two = town.node(1).name, town.node(2).name
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    Member.objects.filter(node=town.node(1)).update(ordered=Role.IDLE)
    Member.objects.filter(node=town.node(2)).update(ordered=Role.BOTH)
    found = json.loads(server("ann", "--failed", two, "--json"))
    assert found == [
        {
            "userid": "ann",
            "cluster": town.cluster.name,
            "home": one,
            "group": town.node(1).member.group.name,
            "served_by": two,
            "if_failed": {two: None},
        }
    ]


def test_without_a_home_nobody_does(town: Town):
    assert "Home node: unassigned Subcluster Name: -\nServed by: nobody\n" in server("carol")


def test_the_same_name_in_two_clusters(town: Town):
    other = create_town()
    other.add("ann", home=other.node(3))
    assert server("ann").count("User ID: ann") == 2
    assert server("ann", "--cluster", other.cluster.name).count("User ID: ann") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("zoe",), "There is no presence user 'zoe'."),
        (("ann", "--cluster", "nowhere"), "in cluster 'nowhere'"),
        (("ann", "--failed", "imp9"), "Node 'imp9' has nothing to do with ann"),
        (("carol", "--failed", "imp9"), "Nodes of the user's group: none."),
    ],
)
def test_what_is_not_there(town: Town, words, said):
    with pytest.raises(CommandError, match=said):
        server(*words)


def test_asking_changes_nothing(town: Town):
    before = list(PresenceUser.objects.order_by("pk").values_list())
    server("ann")
    assert list(PresenceUser.objects.order_by("pk").values_list()) == before
