"""I02: a recovery moves nobody in the database; who serves a user is derived."""

from __future__ import annotations

from django.db import connection

from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser
from tests.factories import create_presence_users
from tests.recovery.agents import SimPair

EACH_ROW = "select userid, home_id, xmin::text, ctid::text from users_presenceuser order by userid"


def rows() -> list[tuple[object, ...]]:
    """With what PostgreSQL changes at each write of a row."""
    with connection.cursor() as cursor:
        cursor.execute(EACH_ROW)
        return list(cursor.fetchall())


def test_i02_a_failover_of_all_users_and_back_writes_no_user_row(pair: SimPair):
    for node in Node.objects.all():
        create_presence_users(50, home=node)
    before = rows()
    pair.lose_service(1)
    pair.run(3)
    pair.nodes[0].crash()
    pair.run(12)
    assert len(pair.events()) > 4
    assert (rows(), len(before)) == (before, 100)


def test_i02_red_when_a_user_is_moved(pair: SimPair):
    first, second = Node.objects.order_by("pk")[:2]
    create_presence_users(2, home=first)
    before = rows()
    PresenceUser.objects.filter(home=first).update(home=second)
    assert rows() != before
