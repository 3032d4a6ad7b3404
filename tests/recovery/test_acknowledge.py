"""Repeated automatic failovers hold the automatic fallback until somebody acknowledges."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from prg_admin.domain import catalogue
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.lib.clock import steady_now
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery.models import Event
from tests.factories import create_group, create_node, create_report, create_user, role_of

S = NodeState


@pytest.fixture
def alice(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


def waiting_group(*, failovers: int, down: tuple[str, ...] = ()) -> PresenceRedundancyGroup:
    """One is failed over, its automatic fallback on; two serves all."""
    ready = create_report("one", role=role_of(S.FAILED_OVER), serving=[], down=down)
    one = create_node("one", report=ready)
    two = create_node("two", cluster=one.cluster)
    group = create_group(
        "Tokyo",
        members=[one, two],
        states=[S.FAILED_OVER_SERVICES_DOWN if down else S.FAILED_OVER, S.BACKUP],
        automatic_failovers=[steady_now().isoformat()] * failovers,
    )
    ParameterValue.objects.create(
        cluster=one.cluster,
        service=catalogue.SRM,
        name=catalogue.AUTOMATIC_FALLBACK,
        value=catalogue.TRUE,
    )
    return group


def page(alice: Client, group: PresenceRedundancyGroup) -> str:
    return alice.get(f"/system/presence-redundancy-groups/{group.pk}/").content.decode()


def address(group: PresenceRedundancyGroup) -> str:
    return f"/recovery/groups/{group.pk}/acknowledge/"


def test_the_page_counts_down_to_the_automatic_fallback(alice: Client):
    group = waiting_group(failovers=1)

    html = page(alice, group)

    assert "Automatic fallback of one in" in html
    assert re.search(r'data-counts="down" data-seconds="(1799|1800)">(29:59|30:00)<', html)
    assert "Acknowledge" not in html


def test_the_count_begins_when_services_run(alice: Client):
    html = page(alice, waiting_group(failovers=1, down=("Cisco XCP Router",)))

    assert "begins to count when its critical services run" in html


def test_after_two_failovers_it_is_held_and_can_be_acknowledged(alice: Client):
    group = waiting_group(failovers=2)

    html = page(alice, group)

    assert "is held, because of 2 automatic failovers within 24 hours" in html
    assert address(group) in html
    assert "data-counts" not in html.split('id="automatic-fallback"')[1].split("</div>")[0]


def test_without_automatic_fallback_nothing_is_said(alice: Client):
    group = waiting_group(failovers=2)
    ParameterValue.objects.all().delete()

    assert "automatic-fallback" not in page(alice, group)


def test_acknowledging_lifts_the_hold_and_keeps_the_comment(alice: Client):
    group = waiting_group(failovers=2)

    answer = alice.post(address(group), {"comment": "Switch <b>replaced</b>"}, follow=True)

    html = answer.content.decode()
    assert "Acknowledged; the automatic fallback goes on." in html
    assert "Automatic fallback of one in" in html
    event = Event.objects.get()
    assert (event.rule, event.actor, event.comment) == (
        "acknowledged", "alice", "Switch <b>replaced</b>",
    )  # fmt: skip
    events = alice.get(f"/recovery/groups/{group.pk}/events/").content.decode()
    assert "“Switch &lt;b&gt;replaced&lt;/b&gt;”" in events


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        ("  ", "Comment is required: say in 1 to 255 characters what was found."),
        ("x" * 256, "Comment has 256 characters; at most 255 are allowed."),
        ("a\x07b", "Comment contains control characters or line breaks"),
    ],
)
def test_a_wrong_comment_is_told_and_stays_in_the_field(alice: Client, comment, sentence: str):
    group = waiting_group(failovers=2)

    answer = alice.post(address(group), {"comment": comment})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Event.objects.exists()


def test_a_group_that_is_not_held_says_so(alice: Client):
    group = waiting_group(failovers=1)

    html = alice.post(address(group), {"comment": "why"}, follow=True).content.decode()

    assert "The automatic fallback of this group is not held." in html


def test_looking_at_it_changes_nothing(alice: Client):
    group = waiting_group(failovers=2)

    assert alice.get(address(group)).status_code == 200
    assert not Event.objects.exists()


def test_it_is_for_people_who_are_signed_in(client: Client, db: None):
    group = waiting_group(failovers=2)

    assert client.post(address(group), {"comment": "x"}).status_code == 401
    assert not Event.objects.exists()
