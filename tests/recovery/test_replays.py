"""Events of the running engine are decided again: on the page and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from prg_admin.domain.requests import Action
from prg_admin.recovery.models import Event
from prg_admin.recovery.replays import replayed
from tests.factories import create_user
from tests.recovery.agents import SimPair


@pytest.fixture
def alice(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


@pytest.fixture
def utils(db: None) -> Callable[..., str]:
    def run(*words: str) -> str:
        out = StringIO()
        call_command("utils", "ha", *words, stdout=out)
        return out.getvalue()

    return run


@pytest.fixture
def failed_over(pair: SimPair) -> Event:
    pair.lose_service(1)
    pair.run(3)
    return Event.objects.filter(rule="service-down").latest("version")


def spoilt(event: Event) -> Event:
    """Decided from a service that was up: another release would call that a difference."""
    recording = event.recording
    for service in recording["case"]["pair"]["nodes"][1]["last_report"]["services"]:
        service["state"] = "started"
    event.recording = recording
    event.save(update_fields=["recording"])
    return event


def test_each_event_of_a_life_is_decided_alike(pair: SimPair):
    pair.lose_service(1)
    pair.run(3)
    pair.nodes[0].crash()
    pair.run(12)
    events = list(Event.objects.all())
    assert len(events) > 5
    assert [event.rule for event in events if not replayed(event).is_alike] == []


def test_an_administrators_request_is_kept_with_its_inputs(pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    event = Event.objects.get(rule="failover-asked")
    assert event.recording["case"]["request"]["action"] == "failover"
    assert replayed(event).is_alike


def test_the_page_says_that_it_decides_alike_and_hands_the_inputs_out(
    alice: Client, failed_over: Event
):
    page = alice.get(reverse("recovery:event", args=[failed_over.pk]))
    address = reverse("recovery:event-recording", args=[failed_over.pk])
    assert 'data-alike="yes"' in page.content.decode()
    assert address in page.content.decode()
    file = alice.get(address)
    assert file["Content-Disposition"] == f'attachment; filename="event-{failed_over.pk}.json"'
    assert json.loads(file.content) == failed_over.recording


def test_the_page_names_each_point_that_differs(alice: Client, failed_over: Event):
    page = alice.get(reverse("recovery:event", args=[spoilt(failed_over).pk]))
    assert 'data-alike="no"' in page.content.decode()
    assert "service-down" in page.content.decode()


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        (None, "did not keep its inputs"),
        ({"format": 9}, "must be an object of format"),
        ({"format": 9, "case": {}, "decided": {}}, "format is 9"),
    ],
)
def test_an_event_of_another_release_is_no_fault(alice, failed_over, recording, told):
    Event.objects.filter(pk=failed_over.pk).update(recording=recording)
    page = alice.get(reverse("recovery:event", args=[failed_over.pk]))
    assert page.status_code == 200
    assert told in page.content.decode()


def test_without_inputs_there_is_no_file(alice: Client, failed_over: Event):
    Event.objects.filter(pk=failed_over.pk).update(recording=None)
    assert alice.get(reverse("recovery:event-recording", args=[failed_over.pk])).status_code == 404


def test_the_list_leaves_the_recordings_behind(
    alice: Client, failed_over: Event, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12) as asked:
        alice.get(reverse("recovery:group-events", args=[failed_over.group_id]))
    assert not [q["sql"] for q in asked.captured_queries if '"recording"' in q["sql"]]


# On the command line.


def test_a_file_from_elsewhere_is_decided_again(utils, failed_over: Event, tmp_path: Path):
    file = tmp_path / "event.json"
    file.write_text(utils("recording", str(failed_over.pk)), encoding="utf-8")
    assert utils("replay", str(file)) == "The same decision: service-down.\n"
    assert utils("replay", str(failed_over.pk), "--json") == "[]\n"


def test_a_difference_is_told_and_ends_with_one(failed_over: Event):
    out = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("utils", "ha", "replay", str(spoilt(failed_over).pk), stdout=out)
    assert "rule: 'service-down' then, None now" in out.getvalue()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("recording", "4711"), "There is no event 4711."),
        (("replay", "9" * 40), "There is no event 9"),
        (("replay", "/nowhere/event.json"), "cannot be read: No such file"),
        (("replay", "/dev/zero"), "longer than 1048576 bytes"),
        (("replay", __file__), "is no recording: Recording is not JSON"),
    ],
)
def test_what_is_no_recording_is_told(utils, words: tuple[str, ...], told: str):
    with pytest.raises(CommandError, match=told):
        utils(*words)
