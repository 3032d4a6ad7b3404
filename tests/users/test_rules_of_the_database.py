"""What the database itself holds about presence users, whatever writes to it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser
from tests.factories import create_cluster, create_node, create_user

pytestmark = pytest.mark.django_db


def refuses(name: str, **values) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        PresenceUser.objects.create(**values)


def test_a_home_is_in_the_users_own_cluster():
    other = create_node()
    refuses("home_in_cluster", cluster=create_cluster(), userid="alice", home=other)


def test_a_user_does_not_change_to_another_cluster_and_leave_the_home_behind():
    node = create_node(users=1)
    with pytest.raises(IntegrityError, match="home_in_cluster"), transaction.atomic():
        node.presence_users.update(cluster=create_cluster())


def test_a_node_with_users_does_not_change_its_cluster():
    node = create_node(users=1)
    with pytest.raises(IntegrityError, match="home_in_cluster"), transaction.atomic():
        Node.objects.filter(pk=node.pk).update(cluster=create_cluster())


def test_the_page_of_the_node_says_so_before(client):
    node = create_node(users=1)
    client.force_login(create_user())
    fields = {"name": node.name, "address": node.address, "port": node.port, "cluster": "other"}
    answer = client.post(f"/system/servers/{node.pk}/", {**fields, "revision": node.revision})
    assert "has 1 assigned user; unassign or move the user first" in answer.content.decode()


def test_a_user_id_is_unique_in_its_cluster_without_regard_to_case():
    cluster = create_cluster()
    PresenceUser.objects.create(cluster=cluster, userid="alice")
    refuses("presence_user_unique", cluster=cluster, userid="Alice")
    PresenceUser.objects.create(cluster=create_cluster(), userid="alice")


def test_who_has_no_licence_has_no_home():
    node = create_node()
    values = {"cluster": node.cluster, "userid": "alice", "is_licensed": False}
    refuses("home_licensed", home=node, **values)
    PresenceUser.objects.create(**values)
