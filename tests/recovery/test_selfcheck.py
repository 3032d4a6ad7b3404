"""The running engine judges its own work, and goes red on each seeded breach."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from prg_admin.domain.group_rules import GroupDraft
from prg_admin.domain.requests import Action
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.services import Saved, group_update
from prg_admin.lib.actor import Actor
from prg_admin.lib.clock import steady_now
from prg_admin.recovery import selfcheck
from prg_admin.recovery.models import Breach, EngineStatus, Event
from prg_admin.topology.models import NodeReport
from tests.factories import create_user
from tests.recovery.agents import SimPair

LATER = timedelta(hours=1)


@pytest.fixture(autouse=True)
def status(db: None) -> EngineStatus:
    return EngineStatus.objects.create(pk=1, swept_at=steady_now(), ticked_at=steady_now())


@pytest.fixture
def lived(pair: SimPair) -> SimPair:
    """A pair that failed over, and whose backup was lost after that."""
    pair.lose_service(1)
    pair.run(3)
    pair.nodes[0].crash()
    pair.run(12)
    return pair


def checked(pair: SimPair) -> list[str]:
    selfcheck.check(now=pair.events()[-1].at + LATER)
    return sorted(Breach.objects.values_list("invariant", flat=True))


def respelled(event: Event, **changes: object) -> None:
    Event.objects.filter(pk=event.pk).update(**changes)


def test_a_life_breaks_nothing_and_is_judged_once(lived: SimPair):
    assert checked(lived) == []
    assert EngineStatus.objects.get().checked_event == lived.events()[-1].pk
    respelled(lived.events()[0], recording={**lived.events()[0].recording, "decided": {}})
    assert checked(lived) == []


def test_young_events_wait_for_those_before_them(lived: SimPair):
    selfcheck.check(now=lived.events()[0].at)
    assert EngineStatus.objects.get().checked_event == 0


def test_a_decision_that_comes_out_otherwise_is_i18(lived: SimPair):
    event = lived.events()[0]
    respelled(event, recording={**event.recording, "decided": {"rule": "silent"}})
    assert checked(lived) == ["I18"]
    assert "rule" in Breach.objects.get().detail


def test_a_change_without_its_event_is_i13(lived: SimPair):
    lived.events()[2].delete()
    assert checked(lived) == ["I13"]
    assert Breach.objects.get().event == lived.events()[2]


def test_a_decision_the_judge_does_not_allow_is_told(lived: SimPair, monkeypatch):
    monkeypatch.setattr("prg_admin.recovery.selfcheck.judged", lambda record: ["I04"])
    assert set(checked(lived)) == {"I04"}
    assert Breach.objects.count() == len(lived.events())


def test_users_served_by_both_are_i01_once(pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    pair.run(1)
    reports = NodeReport.objects.order_by("pk")
    for report in reports:
        report.document["serving"] = ["a"]
        report.save(update_fields=["document"])
    assert checked(pair) == ["I01"]
    assert checked(pair) == ["I01"]
    assert "users of a are served by both" in Breach.objects.get().detail
    Breach.objects.update(seen_at=steady_now())
    assert checked(pair) == ["I01", "I01"]


def switch_high_availability(pair: SimPair, *, to: bool) -> None:
    group = PresenceRedundancyGroup.objects.get(pk=pair.group_id)
    draft = GroupDraft(group.name, "", *pair.names, ha_enabled=to)
    saved = group_update(
        group_id=group.pk,
        draft=draft,
        revision=group.revision,
        actor=Actor("alice"),
        now=pair.now,
    )
    assert isinstance(saved, Saved), saved


def test_high_availability_switched_off_and_on_is_no_breach(pair: SimPair):
    """Such a save raises the version and has no event of its own."""
    pair.run(3)
    for to in (False, True, False, True):
        switch_high_availability(pair, to=to)
        pair.run(3)
    rules = [event.rule for event in pair.events()]
    assert rules.count("ha-on") == 3
    assert rules.count("ha-off") == 2
    assert checked(pair) == []


def test_after_that_a_change_without_its_event_is_found_all_the_same(pair: SimPair):
    pair.run(3)
    switch_high_availability(pair, to=False)
    pair.run(3)
    switch_high_availability(pair, to=True)
    pair.run(3)
    last = pair.events()[-1]
    assert last.rule not in selfcheck.AFTER_CONFIGURING
    respelled(last, version=last.version + 1)
    assert checked(pair) == ["I13"]


def test_what_a_node_out_of_reach_said_is_no_breach(pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    pair.run(1)
    reports = list(NodeReport.objects.order_by("pk"))
    for report in reports:
        report.document["serving"] = ["a"]
        report.reachable = report is not reports[0]
        report.save(update_fields=["document", "reachable"])
    assert checked(pair) == []


def test_an_event_of_another_release_is_left_alone(lived: SimPair):
    respelled(lived.events()[0], recording=None)
    respelled(lived.events()[1], recording={"format": 99})
    assert checked(lived) == []


def test_it_costs_the_same_whatever_happened(lived: SimPair, django_assert_num_queries):
    now = lived.events()[-1].at + LATER
    with django_assert_num_queries(7):
        selfcheck.check(now=now)


def test_a_breach_stands_on_every_page_until_it_is_seen(client: Client, lived: SimPair):
    client.force_login(create_user("alice"))
    lived.events()[2].delete()
    checked(lived)
    page = client.get("/").content.decode()
    assert "broke its own rule I13 in group of-a" in " ".join(page.split())
    Breach.objects.update(seen_at=steady_now())
    assert "broke its own rule" not in client.get("/").content.decode()
