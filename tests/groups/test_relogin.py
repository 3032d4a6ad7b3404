"""The re-login limits on the page of a group: recommended, set, and whether they fit."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from prg_admin.domain import catalogue
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.relogin import relogin
from prg_admin.parameters.models import ParameterValue
from prg_admin.parameters.selectors import ClusterValues
from prg_admin.topology.models import Node
from tests.factories import create_group, create_node, create_presence_users, create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> PresenceRedundancyGroup:
    first = create_node(size=500)
    second = create_node(cluster=first.cluster, size=5000)
    create_presence_users(120, home=first)
    return create_group(members=[first, second])


def nodes(pair: PresenceRedundancyGroup) -> list[Node]:
    return [member.node for member in pair.members.select_related("node").order_by("position")]


def set_upper(node: Node, seconds: int) -> None:
    ParameterValue.objects.create(
        cluster=node.cluster,
        node=node,
        service=catalogue.SRM,
        name=catalogue.RE_LOGIN_UPPER,
        value=str(seconds),
    )


def shown(client: Client, pair: PresenceRedundancyGroup) -> str:
    client.force_login(create_user())
    page = client.get(reverse("groups:group", args=[pair.pk])).content.decode()
    found = re.search(r'id="re-login".*?</section>', page, re.DOTALL)
    return " ".join(found[0].split()) if found else ""


def test_the_smaller_node_and_the_fuller_one_count(client: Client, pair):
    text = shown(client, pair)
    assert "120 to 287 seconds" in text
    assert "for 120 users on the fuller node, nodes for 500 users" in text
    assert 'data-fit="too-long"' in text


def test_too_short_a_time_is_a_warning(client: Client, pair):
    for node in nodes(pair):
        set_upper(node, 150)
    assert "faster than the peer can take them" in shown(client, pair)


def test_unequal_limits_are_a_warning(client: Client, pair):
    set_upper(nodes(pair)[0], 600)
    assert "The limits of the two nodes differ" in shown(client, pair)


def test_more_users_than_the_nodes_are_made_for_are_a_warning(client: Client, pair):
    create_presence_users(131, home=nodes(pair)[0])
    assert "251 users are more than a failover of nodes for 500 users" in shown(client, pair)


def test_in_active_standby_all_users_of_the_group_count(pair):
    ParameterValue.objects.create(
        cluster=pair.cluster,
        service=catalogue.ENTERPRISE,
        name=catalogue.USER_ASSIGNMENT_MODE,
        value=catalogue.ACTIVE_STANDBY,
    )
    found = relogin(nodes(pair), [120, 300], ClusterValues.of(pair.cluster_id))
    assert (found.recommendation.users, found.recommendation.limits.upper_s) == (420, 453)


def test_a_group_of_one_node_has_none(client: Client):
    assert shown(client, create_group(members=[create_node()])) == ""
