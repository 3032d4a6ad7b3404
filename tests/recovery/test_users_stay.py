"""I02: a recovery moves nobody in the database; who serves a user is derived."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser
from tests.factories import create_presence_users
from tests.recovery.agents import SimPair
from tests.users.cluster import SQL

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


def test_a_failover_of_25_000_users_costs_what_one_of_two_does(pair: SimPair):
    """Count the statements and rows: the engine does not so much as read a user."""
    first, second = Node.objects.order_by("pk")[:2]
    create_presence_users(1, home=first)
    create_presence_users(1, home=second)
    few = statements_of_a_failover(pair)
    with connection.cursor() as cursor:
        cursor.execute(SQL, [first.cluster_id, first.pk, 1, 12_499])
        cursor.execute(SQL, [first.cluster_id, second.pk, 12_500, 24_998])
    before = rows()
    many = statements_of_a_failover(pair)
    assert len(before) == 25_000
    assert rows() == before
    assert len(many) == len(few)
    assert not [sql for sql in many if "users_presenceuser" in sql]


def statements_of_a_failover(pair: SimPair) -> list[str]:
    """And back again, without counting that."""
    assert pair.ask(Action.FAILOVER, 0) is None
    with CaptureQueriesContext(connection) as queries:
        pair.run(3)
    assert pair.states == (NodeState.IDLE, NodeState.BACKUP)
    assert pair.ask(Action.FALLBACK, 0) is None
    pair.run(5)
    assert pair.states == (NodeState.NORMAL, NodeState.NORMAL)
    return [query["sql"] for query in queries]


def test_i02_red_when_a_user_is_moved(pair: SimPair):
    first, second = Node.objects.order_by("pk")[:2]
    create_presence_users(2, home=first)
    before = rows()
    PresenceUser.objects.filter(home=first).update(home=second)
    assert rows() != before
