"""The time-out of the session, and that nothing typed is lost by it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from prg_admin.accounts.idle import SEEN
from prg_admin.groups.models import PresenceRedundancyGroup
from tests.factories import create_group, create_pair, create_user

pytestmark = pytest.mark.django_db
PASSWORD = "Wonderland-1"
PAGE = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def limit(settings):
    settings.SESSION_COOKIE_AGE = 1800
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(client) -> Client:
    client.force_login(create_user("alice", password=PASSWORD))
    return client


def pass_time(browser: Client, minutes: float) -> None:
    session = browser.session
    session[SEEN] -= minutes * 60
    session.save()
    expires = now() + timedelta(minutes=30 - minutes)
    Session.objects.filter(pk=session.session_key).update(expire_date=expires)


def left(browser: Client) -> float:
    return browser.get(reverse("accounts:session"), headers=JSON).json()["left"]


def near(seconds: float) -> object:
    return pytest.approx(seconds, abs=30)


def test_the_time_left_is_told(alice):
    assert left(alice) == near(1800)
    pass_time(alice, 20)
    assert left(alice) == near(600)


def test_after_the_limit_one_is_signed_out(alice):
    pass_time(alice, 31)
    assert left(alice) == 0
    assert alice.get("/").url.startswith("/login/")


def test_opening_a_page_counts(alice):
    pass_time(alice, 20)
    alice.get("/", headers=PAGE)
    assert left(alice) == near(1800)


def test_its_cookie_is_renewed_too(alice):
    pass_time(alice, 20)
    assert alice.get("/", headers=PAGE).cookies


def test_sending_counts_also_checks_while_one_types(alice):
    pass_time(alice, 20)
    alice.post(reverse("groups:group-validate") + "?field=name", {"name": "x"}, headers=HTMX)
    assert left(alice) == near(1800)


@pytest.mark.parametrize(
    ("address", "headers"),
    [("/", PAGE | HTMX), ("/account/session/", JSON), ("/", {}), ("/", {"Accept": "text/css"})],
)
def test_what_pages_fetch_by_themselves_does_not_count(alice, address, headers):
    pass_time(alice, 20)
    alice.get(address, headers=headers)
    assert left(alice) == near(600)


def test_the_session_is_not_written_by_each_request(alice):
    alice.get("/", headers=PAGE)
    with CaptureQueriesContext(connection) as asked:
        alice.get("/", headers=PAGE)
    statements = [query["sql"].strip().lower() for query in asked.captured_queries]
    assert [words for words in statements if not words.startswith("select")] == []


def test_one_can_stay(alice):
    pass_time(alice, 29)
    told = alice.post(reverse("accounts:session-stay"), headers=JSON).json()
    assert told["left"] == near(1800)
    assert left(alice) == near(1800)


def test_whoever_is_out_cannot_stay(alice):
    pass_time(alice, 31)
    told = alice.post(reverse("accounts:session-stay"), headers=JSON)
    assert told.status_code == 401
    assert left(alice) == 0


def test_every_page_knows_its_time(alice):
    pass_time(alice, 20)
    shown = alice.get(reverse("groups:group-list")).content.decode()
    seconds = int(re.search(r'data-left="(\d+)"', shown)[1])
    assert seconds == near(600)


def test_strangers_are_asked_for_no_time(client):
    assert "session-warning" not in client.get(reverse("accounts:login")).content.decode()


def hidden(page: str, name: str) -> str:
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def sign_in(browser: Client, page: str, **more: str):
    data = {"username": "alice", "password": PASSWORD, "next": hidden(page, "next")}
    return browser.post(reverse("accounts:login"), data | more)


def test_what_was_sent_too_late_can_be_sent_again(alice):
    first, second = create_pair()
    servers = {"server1": first.name, "server2": second.name}
    form = {"name": "Tokyo", "description": "東京 'a'", **servers}
    pass_time(alice, 31)
    late = alice.post(reverse("groups:group-add"), form)
    assert late.status_code == 401
    page = late.content.decode()
    assert "nothing was saved" in page

    again = sign_in(alice, page, resend=hidden(page, "resend")).content.decode()
    kept = {name: hidden(again, name) for name in form}
    assert kept == form
    answer = alice.post(reverse("groups:group-add"), kept)
    assert PresenceRedundancyGroup.objects.get().name == "Tokyo"
    assert answer.status_code == 302


def test_it_survives_a_wrong_password(alice):
    pass_time(alice, 31)
    page = alice.post(reverse("groups:group-add"), {"name": "Tokyo"}).content.decode()
    token = hidden(page, "resend")
    wrong = sign_in(alice, page, resend=token, password="wrong").content.decode()
    assert hidden(wrong, "resend") == token


def test_nobody_can_make_up_what_is_sent_again(alice):
    group = create_group("Tokyo")
    pass_time(alice, 31)
    address = reverse("groups:group-delete", args=[group.pk])
    page = alice.post(address, {"confirmed": "yes"}).content.decode()
    token = hidden(page, "resend")
    answer = sign_in(alice, page, resend=token[:-2] + "xx")
    assert answer.status_code == 302
    assert PresenceRedundancyGroup.objects.exists()


@pytest.mark.parametrize("data", [{"old_password": "x", "name": "y"}, {}, {"name": "x" * 300_000}])
def test_passwords_and_what_is_too_long_do_not_travel(client, data):
    answer = client.post(reverse("groups:group-add"), data)
    assert answer.url == "/login/?next=/"


def test_a_live_part_leaves_the_page_alone(alice):
    """Its script offers to sign in in another window; a redirect would lose what is typed."""
    pass_time(alice, 31)
    answer = alice.get("/", headers=HTMX)
    assert (answer.status_code, answer.content) == (401, b"")
    assert "HX-Redirect" not in answer.headers
