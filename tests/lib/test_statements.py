"""Statements that are kept answer as Django's own do, each time anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.db.transaction import TransactionManagementError
from django.utils.timezone import now

from prg_admin.groups.models import Member
from prg_admin.groups.selectors import WHOLE, _whole_group
from prg_admin.lib.statements import Prepared, rows_of
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import last_report
from tests.factories import create_group, create_node

pytestmark = pytest.mark.django_db


def all_of(member: Member) -> list[dict[str, object]]:
    """The values of the row and of those that were joined to it."""
    report = last_report(member.node)
    rows = [member, member.node, member.group, member.group.cluster, *([report] if report else [])]
    return [{n: value for n, value in vars(row).items() if n != "_state"} for row in rows]


def nodes_named(names: list[str]) -> QuerySet[Node]:
    named = RawSQL("name = any(%s)", (names,), BooleanField())
    return Node.objects.filter(named).order_by("name")


def members_since(name: str, moment: datetime) -> QuerySet[Member]:
    return Member.objects.filter(node__name=name, state_since_at__gt=moment)


def test_rows_come_as_django_makes_them(django_assert_num_queries):
    """With joined rows, one of which is missing, JSON columns and annotations."""
    create_group(members=[create_node("imp1"), create_node("imp2")])
    Node.objects.get(name="imp2").last_report.delete()
    group = Member.objects.all()[0].group
    kept, made = WHOLE(group.pk), list(_whole_group(group.pk))
    with django_assert_num_queries(0):
        assert [len(all_of(member)) for member in kept] == [5, 4]
    assert [all_of(member) for member in kept] == [all_of(member) for member in made]
    assert [m.group.automatic_failovers for m in kept] == [[], []]
    assert not kept[0]._state.adding


def test_each_time_it_is_asked_it_answers_for_its_values_and_for_now():
    named = Prepared(nodes_named, list)
    for name in ("imp1", "imp2", "imp3"):
        create_node(name)
    assert [[n.name for n in named(names)] for names in (["imp1"], ["imp3", "imp2"], [])] == [
        ["imp1"], ["imp2", "imp3"], [],
    ]  # fmt: skip
    Node.objects.filter(name="imp1").update(description="moved")
    assert named(["imp1"])[0].description == "moved"
    Node.objects.filter(name="imp1").update(name="imp4")
    assert named(["imp1"]) == []


def test_values_of_several_types():
    since = Prepared(members_since, str, datetime)
    create_group(members=[create_node("imp1")])
    moment = now()
    Member.objects.update(state_since_at=moment)
    assert len(since("imp1", moment - timedelta(seconds=1))) == 1
    assert since("imp1", moment) == since("imp2", moment - timedelta(seconds=1)) == []


def test_a_connection_keeps_one_plan():
    create_node("imp1")
    named = Prepared(nodes_named, list)
    for _ in range(3):
        assert len(named(["imp1"])) == 1
    plans = "select generic_plans, custom_plans from pg_prepared_statements where statement like %s"
    assert rows_of(plans, "%topology_node%any(%") == [(3, 0)]


def test_a_value_that_the_query_does_not_ask_with_as_it_is_is_refused():
    with pytest.raises(TypeError):
        Prepared(lambda name: Node.objects.filter(name__contains=name), str)("imp")
    with pytest.raises(TypeError):
        Prepared(lambda name, _pk: Node.objects.filter(name=name), str, int)("imp", 1)


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only():
    locked = Prepared(lambda pk: Node.objects.select_for_update().filter(pk=pk), int)
    node = create_node("imp1")
    for _ in range(2):
        with transaction.atomic():
            assert locked(node.pk) == [node]
    with pytest.raises(TransactionManagementError):
        locked(node.pk)


def test_a_statement_that_is_looked_at_has_its_values_inside(django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        rows_of("select %s::text", "a value")
    assert "'a value'" in asked.captured_queries[0]["sql"]
    assert connection.connection.prepare_threshold == 0
