"""What an administrator asks for and reads: actions, and the events of a group."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override

from prg_admin.domain.limitations import Limitation
from prg_admin.domain.pair import ACKNOWLEDGE_RULE, EPOCH_RULE, ORDER_RULE, STATED_RULE
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.domain.transitions import ROWS
from prg_admin.groups.models import Member
from prg_admin.lib.sentences import limitation_text
from prg_admin.recovery import services
from prg_admin.recovery.models import Event
from prg_admin.recovery.sentences import RULES, rule_text
from tests.factories import create_group, create_user
from tests.recovery.agents import SimPair

S = NodeState
ACTIONS = ("failover", "fallback", "recover")
BY_NO_ROW = {ORDER_RULE, EPOCH_RULE, ACKNOWLEDGE_RULE, STATED_RULE}


@pytest.fixture
def page(client: Client, db: None) -> Client:
    """Alice, an administrator, is signed in."""
    client.force_login(create_user("alice"))
    return client


def url_of(action: str, pair: SimPair) -> str:
    if action == "recover":
        return reverse("recovery:recover", args=[pair.group_id])
    return reverse(f"recovery:{action}", args=[Member.objects.get(node__name="a").node_id])


def told(response: HttpResponse) -> list[tuple[str, str]]:
    messages = get_messages(response.wsgi_request)  # type: ignore[attr-defined]
    return [(m.level_tag, str(m)) for m in messages]


# Actions.


def test_a_failover_is_recorded_under_the_persons_name(page: Client, pair: SimPair):
    before = pair.group_version()
    response = page.post(url_of("failover", pair))
    assert response.headers["Location"] == reverse("groups:group", args=[pair.group_id])
    assert told(response) == [("success", "The failover has begun.")]
    assert [(e.rule, e.actor) for e in pair.events(after=before)] == [("failover-asked", "alice")]
    pair.advance()
    assert pair.states == (S.IDLE, S.BACKUP)


def test_a_fallback_brings_the_users_home(page: Client, pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    pair.advance()
    assert told(page.post(url_of("fallback", pair))) == [("success", "The fallback has begun.")]
    pair.advance()
    assert pair.states == (S.NORMAL, S.NORMAL)


def test_recover_starts_a_failed_group(page: Client, pair: SimPair):
    pair.lose_service(0)
    pair.lose_service(1)
    pair.run(2)
    assert told(page.post(url_of("recover", pair))) == [("success", "The recovery has begun.")]
    pair.run(1)
    assert pair.states == (S.NORMAL, S.NORMAL)


@pytest.mark.parametrize(
    ("action", "refused"),
    [
        ("failover", Limitation.IN_TRANSITION),
        ("fallback", Limitation.IN_TRANSITION),
        ("recover", Limitation.NOT_BOTH_FAILED),
    ],
)
def test_a_refusal_is_a_sentence_and_changes_nothing(page, pair: SimPair, action, refused):
    pair.ask(Action.FAILOVER, 0)
    before = pair.group_version()
    response = page.post(url_of(action, pair))
    assert told(response) == [("error", limitation_text(refused))]
    assert pair.group_version() == before
    assert limitation_text(refused) in page.get(response.headers["Location"]).content.decode()


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_posted_never_fetched(page: Client, pair: SimPair, action: str):
    before = pair.group_version()
    for method in (page.get, page.head, page.put):
        assert method(url_of(action, pair)).status_code == 405
    assert pair.group_version() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_signed_out_an_action_leads_to_the_sign_in_page(client, pair: SimPair, action: str):
    before = pair.group_version()
    response = client.post(url_of(action, pair))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("accounts:login"))
    assert pair.group_version() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_without_the_forms_token_nothing_happens(pair: SimPair, action: str):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(create_user("alice"))
    before = pair.group_version()
    assert strict.post(url_of(action, pair)).status_code == 403
    assert pair.group_version() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_what_does_not_exist_is_not_found(page: Client, action: str):
    assert page.post(reverse(f"recovery:{action}", args=[4711])).status_code == 404


def test_a_node_in_no_group_has_nobody_to_fail_over_to(page: Client, pair: SimPair):
    url = url_of("failover", pair)
    Member.objects.filter(node__name="a").delete()
    assert page.post(url).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/", "/"),
        ("/system/servers/?page=2", "/system/servers/?page=2"),
        ("http://testserver/", None),
        ("https://elsewhere.example/", None),
        ("//elsewhere.example/", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_the_way_back_stays_on_this_host(page: Client, pair: SimPair, wanted, led_to):
    response = page.post(url_of("recover", pair), {"next": wanted})
    own = reverse("groups:group", args=[pair.group_id])
    assert response.headers["Location"] == (led_to or own)


def test_a_request_wakes_the_engine(page: Client, pair: SimPair, monkeypatch):
    sent: list[Any] = []
    monkeypatch.setattr(services, "enqueue", lambda name, **kwargs: sent.append((name, kwargs)))
    page.post(url_of("failover", pair))
    assert sent == [("recovery.evaluate", {"group_id": pair.group_id})]


# Events.


def events_url(group_id: int) -> str:
    return reverse("recovery:group-events", args=[group_id])


def test_every_rule_of_the_engine_has_its_sentence_and_no_other():
    assert set(RULES) == {r.rule for r in ROWS} | BY_NO_ROW


def test_a_rule_of_another_release_is_shown_by_its_name():
    assert rule_text("of-another-release") == "of-another-release"


def write_events(pair: SimPair, rules: list[str]) -> None:
    Event.objects.filter(group=pair.group_id).update(group=None)
    like = Event.objects.latest("pk")
    for version, rule in enumerate(rules, start=100):
        like.pk, like.rule, like.version, like.group_id = None, rule, version, pair.group_id
        like.save(force_insert=True)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "events"}])
def test_events_of_every_rule_are_shown_in_every_language(page, pair, language, headers):
    rules = [*RULES, "of-another-release"]
    for part in (rules[i : i + 20] for i in range(0, len(rules), 20)):
        write_events(pair, part)
        response = page.get(
            events_url(pair.group_id), headers={"Accept-Language": language, **headers}
        )
        html = response.content.decode()
        assert [rule for rule in part if f'data-rule="{rule}"' not in html] == []
        with override(language):
            assert [rule for rule in part if escape(rule_text(rule)) not in html] == []


def test_the_fragment_is_the_list_alone(page: Client, pair: SimPair):
    url = events_url(pair.group_id)
    html = page.get(url, headers={"HX-Request": "true", "HX-Target": "events"}).content.decode()
    assert 'data-rule="init-done"' in html
    assert "<html" not in html
    assert "<html" in page.get(url).content.decode()


def test_events_say_who_did_them_newest_first(page: Client, pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    pair.advance()
    html = page.get(events_url(pair.group_id)).content.decode()
    assert "alice" in html
    assert "Recovery engine" in html
    assert html.index('data-rule="take-over-done-idle"') < html.index('data-rule="failover-asked"')


@pytest.mark.parametrize("view", ["csv", "print"])
def test_all_events_of_a_group_as_a_file_and_on_paper(page: Client, pair: SimPair, view: str):
    other = create_group("another", ha_enabled=True)
    pair.ask(Action.FAILOVER, 0)
    answer = page.get(events_url(pair.group_id), {"view": view}, follow=True)
    parts = answer.streaming_content if answer.streaming else [answer.content]
    text = b"".join(parts).decode()
    assert escape(rule_text("failover-asked")) in text or rule_text("failover-asked") in text
    assert other.name not in text
    assert '<div class="toolbar"' not in text


def test_a_group_without_events_says_so(page: Client):
    group = create_group()
    assert "Nothing has happened yet." in page.get(events_url(group.pk)).content.decode()


def test_names_in_events_are_shown_as_text(page: Client, pair: SimPair):
    event = pair.events()[-1]
    event.actor = "<b>bob</b>"
    event.save(update_fields=["actor"])
    html = page.get(events_url(pair.group_id)).content.decode()
    assert "&lt;b&gt;bob&lt;/b&gt;" in html
    assert "<b>bob</b>" not in html


def test_events_are_for_people_who_signed_in(client: Client, pair: SimPair):
    response = client.get(events_url(pair.group_id))
    assert response.headers["Location"].startswith(reverse("accounts:login"))


def test_events_of_no_group_are_not_found_and_never_posted(page: Client, pair: SimPair):
    assert page.get(events_url(4711)).status_code == 404
    assert page.post(events_url(pair.group_id)).status_code == 405


def test_an_event_outlives_its_group(pair: SimPair):
    names = {event.group_name for event in pair.events()}
    Member.objects.all().delete()
    pair.events()[0].group.delete()
    assert set(Event.objects.values_list("group_name", flat=True)) == names
    assert set(Event.objects.values_list("group", flat=True)) == {None}
