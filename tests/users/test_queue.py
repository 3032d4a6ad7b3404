"""Who could not be assigned waits, is shown, and is assigned by the Sync Agent later on."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prg_admin.audit.models import Entry
from prg_admin.domain.assignment import Mode
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Member
from prg_admin.lib.actor import Actor
from prg_admin.users.models import PresenceUser, QueueReason
from prg_admin.users.plans import Target, Way
from prg_admin.users.queue import queues_assign
from prg_admin.users.services import Assigned, users_assign
from prg_admin.users.tasks import assign_queued
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

ALICE = Actor("alice")
URL = "/user-management/assign-presence-users/"
NORMAL = (NodeState.NORMAL, NodeState.NORMAL)
AWAY = (NodeState.IDLE, NodeState.BACKUP)
EACH_ROW = "select id, xmin::text, ctid::text from users_presenceuser order by id"


def by_mode(town: Town, target: Target = Target(Way.MODE)) -> Assigned:  # noqa: B008
    users = PresenceUser.objects.filter(cluster=town.cluster)
    outcome = users_assign(cluster_id=town.cluster.pk, users=users, target=target, actor=ALICE)
    assert isinstance(outcome, Assigned)
    return outcome


def queued(town: Town) -> list[tuple[str, str]]:
    found = town.cluster.presence_users.filter(queued_at__isnull=False)
    return list(found.order_by("userid").values_list("userid", "queue_reason"))


def rows() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(EACH_ROW)
        return cursor.fetchall()


@pytest.fixture
def town(db) -> Town:
    """Ann and bob wait, because the first node is failed over."""
    town = create_town()
    town.add("ann", "bob")
    town.add("carol", is_licensed=False)
    town.set_states(*AWAY)
    assert by_mode(town).queued == 2
    return town


def test_who_cannot_be_assigned_waits_with_the_reason(town: Town):
    reason = QueueReason.FAILED_OVER
    assert queued(town) == [("ann", reason), ("bob", reason)]
    assert Entry.objects.get().after == {"queued": 2}


def test_while_the_reason_lasts_nothing_is_written(town: Town):
    before, entries = rows(), Entry.objects.count()
    assert queues_assign() == 0
    assert (rows(), Entry.objects.count()) == (before, entries)


def test_once_it_is_gone_the_sync_agent_assigns_them_by_the_mode(town: Town):
    town.set_states(*NORMAL)
    assign_queued()
    assert (town.counts, queued(town)) == ([1, 1, 0, 0, 1], [])
    entry = Entry.objects.latest("pk")
    assert (entry.actor, sum(entry.after.values())) == ("Sync Agent", 2)
    before = rows()
    assign_queued()
    assert rows() == before


def test_active_standby_is_kept_to(town: Town):
    town.set_states(*NORMAL)
    town.set_mode(Mode.ACTIVE_STANDBY)
    queues_assign()
    assert town.counts == [1, 0, 1, 0, 1]


def test_with_none_nobody_waits(town: Town):
    town.set_mode(Mode.NONE)
    assert queues_assign() == 0
    assert queued(town) == []
    assert town.counts[-1] == 3


def test_a_failover_elsewhere_keeps_nobody_waiting(town: Town):
    other = create_town(unassigned=1)
    assert (by_mode(other).users, queued(other)) == (1, [])


@pytest.mark.parametrize(
    ("target", "left"),
    [(Way.UNASSIGNED, []), (Way.NODE, [])],
)
def test_who_was_told_where_to_go_waits_no_more(town: Town, target: Way, left: list):
    if target is Way.NODE:
        town.set_states(*NORMAL)
    by_mode(town, Target(target, town.node(2).name))
    assert queued(town) == left


def test_the_time_since_when_stays_and_the_reason_follows(town: Town):
    since = set(PresenceUser.objects.values_list("queued_at"))
    Member.objects.all().delete()
    queues_assign()
    reason = QueueReason.NO_GROUP
    assert queued(town) == [("ann", reason), ("bob", reason)]
    assert set(PresenceUser.objects.values_list("queued_at")) == since


def test_who_found_no_room_waits_until_there_is_some():
    town = create_town(ha=(False, False))
    for number in (1, 2, 3):
        town.add_many(25_000, home=town.node(number))
    town.add("late")
    assert (by_mode(town).queued, queued(town)) == (1, [("late", QueueReason.NO_ROOM)])
    PresenceUser.objects.filter(home=town.node(2)).order_by("pk")[:1].get().delete()
    assert queues_assign() == 1
    assert town.counts == [25_000, 24_999, 25_000, 1, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_licensed": False},
        {"queue_reason": ""},
        {"queued_at": None},
        {"queue_reason": "whim"},
    ],
)
def test_the_database_keeps_to_what_waiting_means(town: Town, wrong: dict):
    ann = PresenceUser.objects.filter(userid="ann")
    with pytest.raises(IntegrityError), transaction.atomic():
        ann.update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        ann.update(home=town.node(3))


def test_two_at_once_assign_everybody_once(town: Town):
    """One after the other here; the lock is that of every writer, see ``test_two_at_once``."""
    town.set_states(*NORMAL)
    assert [queues_assign(), queues_assign()] == [2, 0]


def test_where_nobody_waits_the_tick_costs_one_query(db):
    create_town(3, unassigned=2)
    with CaptureQueriesContext(connection) as queries:
        assign_queued()
    assert len(queries) == 1


# Where it is shown


def html(response) -> str:
    return response.content.decode()


def test_the_list_says_who_waits_since_when_and_why(admin: Client, town: Town):
    shown = html(admin.get(URL))
    name = town.cluster.name
    assert f"2 users of cluster {name} wait for the Sync Agent. A node of the cluster" in shown
    assert f"{town.node(1).name}: Idle." in shown
    found = admin.get(URL, {"field": "waiting", "operator": "is-not-empty", "text": ""})
    assert [row.user.userid for row in found.context["rows"]] == ["ann", "bob"]


def test_the_criterion_finds_by_the_words_of_the_reason(admin: Client, town: Town):
    criteria = {"field": "waiting", "operator": "contains", "text": "failed over"}
    assert len(admin.get(URL, criteria).context["rows"]) == 2
    criteria["text"] = "room"
    assert len(admin.get(URL, criteria).context["rows"]) == 0


def test_the_page_of_a_user_and_the_topology_say_it(admin: Client, town: Town):
    ann = PresenceUser.objects.get(userid="ann")
    assert "A node of the cluster is failed over" in html(admin.get(f"{URL}users/{ann.pk}/"))
    shown = html(admin.get("/system/presence-topology/"))
    assert "2 of them wait for the Sync Agent" in shown


def test_assigning_by_the_mode_says_before_that_they_would_wait(admin: Client, town: Town):
    data = {"user": list(PresenceUser.objects.values_list("pk", flat=True)), "to": "mode"}
    shown = html(admin.get(f"{URL}assign/", data))
    assert "2 users cannot be assigned now" in shown
    PresenceUser.objects.update(queued_at=None, queue_reason="")
    shown = html(admin.post(f"{URL}assign/", data, follow=True))
    assert "2 users could not be assigned now and wait for the Sync Agent." in shown
    assert len(queued(town)) == 2


def test_the_numbers_of_queries_do_not_follow_those_of_the_waiting(admin: Client, town: Town):
    costs = []
    for count in (1, 50):
        town.add_many(count)
        by_mode(town)
        with CaptureQueriesContext(connection) as queries:
            admin.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1]
