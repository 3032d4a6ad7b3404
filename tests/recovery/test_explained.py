"""Events that explain themselves: condition, values, actor, and what was before."""

from __future__ import annotations

import pytest
from django.test import Client

from prg_admin.domain.requests import Action
from prg_admin.domain.transitions import ROWS, When
from prg_admin.recovery import sentences
from prg_admin.recovery.explained import Explained, explained
from prg_admin.recovery.models import Event
from prg_admin.recovery.selectors import event_before
from tests.factories import create_user
from tests.recovery.agents import SimPair


@pytest.fixture
def alice(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


def last(pair: SimPair, rule: str) -> Event:
    return Event.objects.filter(group_id=pair.group_id, rule=rule).latest("version")


def of(pair: SimPair, rule: str) -> Explained:
    return explained(last(pair, rule))


@pytest.mark.parametrize("when", list(When))
def test_every_condition_has_words_for_people(when: When):
    text = sentences.condition_text(when, a="imp1", b="imp2")

    assert text.endswith(".")
    assert "%(" not in text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_every_rule_has_words_for_people(row):
    assert sentences.rule_text(row.rule)


def test_a_lost_service_names_node_service_and_delay(pair: SimPair):
    pair.lose_service(1)
    pair.run(3)

    told = of(pair, "service-down")

    assert told.condition == "A critical service of b is down for the delay, and a is healthy."
    assert "Node: b" in told.values
    assert "Cisco XCP Router - Down: 2 s" in told.values
    assert "Delay: 2 s" in told.values
    assert told.is_of_engine


def test_a_lost_node_names_both_silences_and_the_limit(pair: SimPair):
    pair.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    pair.run(8)

    told = of(pair, "silent")

    assert told.condition.startswith("Neither the engine nor b hears a")
    assert "Limit: 4 s" in told.values
    assert "Last attempt: timeout" in told.values
    assert [line for line in told.values if line.startswith("Not heard by its peer: ")]


def test_what_changed_stands_before_and_after(pair: SimPair):
    pair.ask(Action.FAILOVER, 0)

    told = of(pair, "failover-asked")

    a, b = told.changes
    assert (a.was_state, a.state, b.state) == ("normal", "failing-over", "taking-over")
    assert a.moved
    assert (a.was_ordered, a.ordered) == ("own", "idle")
    assert told.event.actor == "alice"
    assert not told.is_of_engine


def test_the_event_before_is_the_cause(pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    event = last(pair, "failover-asked")

    before = event_before(event)

    assert before
    assert before.version == event.version - 1
    assert event_before(Event.objects.earliest("version")) is None


def test_every_event_of_a_recovery_explains_itself(pair: SimPair):
    pair.lose_service(0)
    pair.run(3)
    pair.nodes[0].services_up = True
    pair.run(1)
    pair.ask(Action.FALLBACK, 0)
    pair.run(3)

    for event in pair.events():
        told = explained(event)
        assert told.text
        assert told.values
        assert not [line for line in told.values if "%(" in line or "_s:" in line], told.values


def test_an_event_has_an_address_that_stays(alice: Client, pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    event = last(pair, "failover-asked")

    html = alice.get(f"/recovery/events/{event.pk}/").content.decode()

    assert "An administrator asked for the failover of a." in html
    assert "What happened before it" in html
    pair_of = event.group
    assert pair_of
    Event.objects.filter(pk=event.pk).update(group=None)
    assert alice.get(f"/recovery/events/{event.pk}/").status_code == 200


def test_an_event_that_is_not_there_is_not_found(alice: Client):
    assert alice.get("/recovery/events/1/").status_code == 404


def test_events_are_for_people_who_are_signed_in(client: Client, db: None):
    assert client.get("/recovery/events/1/").status_code == 302


def test_the_list_opens_each_event(alice: Client, pair: SimPair):
    html = alice.get(f"/recovery/groups/{pair.group_id}/events/").content.decode()

    event = last(pair, "init-done")
    assert f'<details class="event" id="event-{event.pk}" hx-preserve="true">' in html
    assert f'href="/recovery/events/{event.pk}/"' in html
