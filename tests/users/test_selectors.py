from __future__ import annotations

import pytest

from prg_admin.users.models import PresenceUser
from prg_admin.users.selectors import assigned_counts, unassigned_count
from tests.factories import create_cluster, create_node

pytestmark = pytest.mark.django_db


def test_users_are_counted_by_home_node(django_assert_num_queries):
    cluster = create_cluster()
    one, _other, empty = (create_node(cluster=cluster, users=n) for n in (3, 1, 0))
    with django_assert_num_queries(1):
        counts = assigned_counts([one.pk, empty.pk])
    assert counts == {one.pk: 3, empty.pk: 0}


def test_users_without_a_home_are_counted_by_cluster():
    cluster = create_cluster()
    create_node(cluster=cluster, users=1)
    PresenceUser.objects.create(cluster=cluster, userid="alice")
    assert unassigned_count(cluster.pk) == 1
    assert unassigned_count(create_cluster().pk) == 0
