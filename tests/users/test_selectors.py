from __future__ import annotations

import pytest

from prg_admin.users.models import PresenceUser
from prg_admin.users.selectors import assigned_counts, unassigned_count
from tests.factories import create_cluster, create_node

pytestmark = pytest.mark.django_db


def create_presence_users(cluster, home, count: int) -> None:
    where = home.pk if home else 0
    PresenceUser.objects.bulk_create(
        PresenceUser(cluster=cluster, home=home, userid=f"user{where}-{n}") for n in range(count)
    )


def test_users_are_counted_by_home_node(django_assert_num_queries):
    cluster = create_cluster()
    one, other, empty = (create_node(cluster=cluster) for _ in range(3))
    create_presence_users(cluster, one, 3)
    create_presence_users(cluster, other, 1)
    with django_assert_num_queries(1):
        counts = assigned_counts([one.pk, empty.pk])
    assert counts == {one.pk: 3, empty.pk: 0}


def test_users_without_a_home_are_counted_by_cluster():
    cluster = create_cluster()
    create_presence_users(cluster, None, 2)
    create_presence_users(cluster, create_node(cluster=cluster), 1)
    assert unassigned_count(cluster.pk) == 2
    assert unassigned_count(create_cluster().pk) == 0
