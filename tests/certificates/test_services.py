"""Certificates of recoveries on the real database: what is noted, when, and what is not known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prg_admin.certificates import services
from prg_admin.certificates.models import Certificate, Gathering, Roll
from prg_admin.certificates.services import rows_of
from prg_admin.domain.movements import Verdict, Way
from prg_admin.users.models import PresenceUser
from tests.certificates.movements import (
    create_people,
    fail_over,
    fall_back,
    gather,
    gather_all,
    newest,
    note,
)
from tests.certificates.nodes import Nodes
from tests.recovery.agents import SimPair


@pytest.fixture
def people(pair: SimPair, nodes: Nodes) -> SimPair:
    create_people(ann="a", bob="a", eve="b")
    nodes.log_in("a", "ann", "bob")
    nodes.log_in("b", "eve")
    gather_all(pair)
    return pair


def rows(certificate: Certificate) -> list[tuple[object, ...]]:
    return [
        (r.user, r.home, r.server_before, r.server_after, r.sessions_before, r.sessions_after)
        for r in rows_of(certificate)
    ]


def test_a_failover_and_a_fallback_each_have_theirs(people: SimPair, nodes: Nodes):
    nodes.log_in("a")
    nodes.log_in("b", "ann", "eve")
    fail_over(people)
    there = newest()
    assert (there.way, there.summary["proof"]["verdict"]) == (Way.FAILOVER, Verdict.EQUAL)
    assert rows(there) == [
        ("ann", "a", "a", "b", 1, 1),
        ("bob", "a", "a", "b", 1, 0),
        ("eve", "b", "b", "b", 1, 1),
    ]
    assert there.summary["sessions"]["users_before"] == 3
    assert there.summary["sessions"]["back"] == 2
    fall_back(people)
    back = newest()
    assert back.way == Way.FALLBACK
    assert [r[2:4] for r in rows(back)] == [("b", "a"), ("b", "a"), ("b", "b")]
    assert back.begun.version > there.ended.version


def test_what_the_nodes_reported_themselves_stands_beside_it(people: SimPair):
    fail_over(people)
    before, after = newest().summary["reported"]
    assert before["a"]["serving"] == ["a"]
    assert (after["a"]["serving"], after["b"]["serving"]) == ([], ["a", "b"])


def test_sessions_are_looked_at_until_all_are_back(people: SimPair, nodes: Nodes):
    nodes.log_in("a")
    fail_over(people)
    assert newest().settled_at is None
    nodes.log_in("b", "ann", "bob", "eve")
    gather(people)
    settled = newest()
    assert (settled.summary["sessions"]["back"], settled.settled_at) == (3, people.now)
    nodes.log_in("b")
    gather(people)
    assert newest().summary == settled.summary


def test_or_until_the_last_client_should_have_come(people: SimPair, nodes: Nodes):
    nodes.log_in("a")
    nodes.log_in("b", "eve")
    fail_over(people)
    late = people.now + timedelta(seconds=537 + 61)
    services.gather(clock=lambda: late)
    certificate = newest()
    assert certificate.settled_at == late
    assert certificate.summary["sessions"]["back"] == 1


def test_the_next_movement_settles_it(people: SimPair, nodes: Nodes):
    nodes.log_in("a")
    nodes.log_in("b", "eve")
    fail_over(people)
    there = newest()
    fall_back(people)
    gather(people)
    there.refresh_from_db()
    assert there.settled_at is not None
    assert there.summary["sessions"]["back"] == 1


def test_of_a_dead_node_nothing_is_invented(people: SimPair, nodes: Nodes):
    Roll.objects.all().delete()
    people.nodes[0].crash()
    del nodes.users["a"]
    for _ in range(15):
        people.run(1)
        note(people)
    gather(people)
    assert newest().way == Way.FAILOVER
    assert rows(newest())[0] == ("ann", "a", "a", "b", None, 0)
    assert newest().summary["sessions"]["before"] is None


def test_who_was_logged_in_on_a_dead_node_is_known_from_its_last_roll(
    people: SimPair, nodes: Nodes
):
    people.nodes[0].crash()
    del nodes.users["a"]
    for _ in range(15):
        people.run(1)
        note(people)
    gather(people)
    assert rows(newest())[0] == ("ann", "a", "a", "b", 1, 0)


def test_a_roll_of_afterwards_is_none_of_before(people: SimPair, nodes: Nodes):
    """The chores may ask a node that has turned its users away before they note the beginning."""
    fail_over(people, noted=False)
    nodes.log_in("a")
    gather_all(people)
    assert [r[4] for r in rows(newest())] == [1, 1, 1]


def test_users_of_before_that_were_read_too_late_prove_nothing(people: SimPair):
    fail_over(people, noted=False)
    assert newest().summary["proof"]["verdict"] == Verdict.TOO_LATE


def test_red_when_a_user_is_lost_on_the_way(people: SimPair, monkeypatch):
    end = services._end

    def lose_somebody(event, clock):
        PresenceUser.objects.filter(userid="bob").delete()
        return end(event, clock)

    monkeypatch.setattr(services, "_end", lose_somebody)
    fail_over(people)
    proof = newest().summary["proof"]
    assert proof["verdict"] == Verdict.DIFFERENT
    assert proof["lost"] == {"users": 1, "first": ["bob"]}
    assert (proof["before"]["users"], proof["after"]["users"]) == (3, 2)
    assert proof["before"]["sha256"] != proof["after"]["sha256"]


def test_a_message_that_was_lost_is_made_up_for(people: SimPair):
    before = Certificate.objects.count()
    fail_over_unnoted(people)
    gather(people)
    assert Certificate.objects.count() == before + 1
    assert newest().way == Way.FAILOVER


def fail_over_unnoted(pair: SimPair) -> None:
    pair.lose_service(0)
    pair.run(6)


def test_twice_told_is_noted_once(people: SimPair):
    fail_over(people)
    count = Certificate.objects.count()
    note(people)
    note(people)
    gather(people)
    assert Certificate.objects.count() == count


def test_what_moved_nobody_keeps_no_lists(people: SimPair):
    enabling = Certificate.objects.get()
    assert (enabling.way, bytes(enabling.homes_before)) == (Way.NOWHERE, b"")


def test_old_events_get_none(pair: SimPair, nodes: Nodes):
    Certificate.objects.all().delete()
    pair.lose_service(0)
    pair.run(6)
    services.movements_note(group_id=pair.group_id, clock=lambda: pair.now + timedelta(hours=2))
    assert Certificate.objects.count() == 0


def test_nodes_are_asked_by_turns_and_only_for_news(people: SimPair, nodes: Nodes):
    nodes.asked.clear()
    gather_all(people)
    assert sorted(nodes.asked) == ["a", "b"]
    first = {roll.node.name: roll.taken_at for roll in Roll.objects.all()}
    people.pass_time(30)
    people.run()
    gather_all(people)
    assert {roll.node.name: roll.taken_at for roll in Roll.objects.all()} == first
    assert all(roll.confirmed_at > first[roll.node.name] for roll in Roll.objects.all())


def test_two_rolls_of_a_node_are_kept(people: SimPair, nodes: Nodes):
    for user in "xyz":
        nodes.log_in("a", user)
        gather_all(people)
    assert Roll.objects.filter(node__name="a").count() == 2


def test_one_worker_gathers_at_a_time(people: SimPair, nodes: Nodes):
    Gathering.objects.update(leased_until_at=people.now + services.LEASE)
    assert not services.gather(clock=lambda: people.now)
    late = people.now + services.LEASE + timedelta(seconds=1)
    assert services.gather(clock=lambda: late)
    assert Gathering.objects.get().leased_until_at is None
