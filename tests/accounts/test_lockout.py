"""Locked out after too many wrong passwords, at every door, until time or somebody unlocks."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.core.management import call_command
from django.db.models import F
from django.test import RequestFactory
from django.urls import reverse

from prg_admin.accounts.models import SignInFailure
from prg_admin.accounts.services import failures_prune, person_unlock
from prg_admin.audit.models import Entry
from prg_admin.lib.actor import Actor
from tests.factories import create_user

pytestmark = pytest.mark.django_db
PASSWORD = "Wonderland-1"
LIMIT = 3


@pytest.fixture(autouse=True)
def limit(settings):
    settings.LOCKOUT_FAILURES = LIMIT
    settings.LOCKOUT_MINUTES = 15
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(limit):
    return create_user("alice", password=PASSWORD)


@pytest.fixture
def knock(client, alice):
    def knock(password: str = PASSWORD, *, address: str = "192.0.2.7", name: str = "alice"):
        data = {"username": name, "password": password}
        return client.post(reverse("accounts:login"), data, REMOTE_ADDR=address)

    return knock


def fail(knock, times: int = LIMIT, **more) -> None:
    for _ in range(times):
        assert knock("wrong", **more).status_code in (422, 429)


def move_back(minutes: float) -> None:
    SignInFailure.objects.update(last_at=F("last_at") - timedelta(minutes=minutes))


def is_in(answer) -> bool:
    return answer.status_code == 302


def test_the_right_password_no_longer_helps(knock):
    fail(knock)
    assert knock().status_code == 429


def test_the_time_left_is_told(knock):
    fail(knock)
    move_back(5)
    answer = knock()
    assert "locked for another 10 minutes" in answer.content.decode()
    assert 0 < int(answer.headers["Retry-After"]) <= 600


def test_before_the_limit_nothing_is_locked(knock):
    fail(knock, LIMIT - 1)
    assert is_in(knock())


def test_signing_in_forgets_what_failed_before(knock, client):
    fail(knock, LIMIT - 1)
    knock()
    client.logout()
    fail(knock, LIMIT - 1)
    assert is_in(knock())


def test_it_ends_by_itself(knock):
    fail(knock)
    move_back(16)
    assert is_in(knock())


def test_trying_while_locked_does_not_prolong_it(knock):
    fail(knock)
    before = SignInFailure.objects.get().last_at
    fail(knock, 4)
    assert SignInFailure.objects.get().last_at == before


def test_old_failures_do_not_add_up(knock):
    fail(knock, LIMIT - 1)
    move_back(16)
    fail(knock, LIMIT - 1)
    assert is_in(knock())


def test_somebody_elsewhere_is_not_locked_out(knock):
    fail(knock, address="198.51.100.9")
    assert is_in(knock(address="192.0.2.7"))


def test_guessing_from_many_machines_is_ended_too(knock):
    for machine in range(10):
        fail(knock, address=f"198.51.100.{machine}")
    assert knock(address="192.0.2.7").status_code == 429


@pytest.mark.parametrize("name", ["ALICE", "ａlice", "Alice"])
def test_other_spellings_are_counted_with_it(knock, name):
    fail(knock, LIMIT - 1)
    fail(knock, 1, name=name)
    assert knock().status_code == 429


def test_names_that_do_not_exist_look_the_same(knock):
    fail(knock, LIMIT, name="nobody")
    assert knock(name="nobody").status_code == 429


@pytest.mark.parametrize("name", ["x" * 10_000, "a\x00b", "\u202e", " ", "'; --"])
def test_hostile_names_are_refused_with_a_sentence(knock, name):
    assert knock("wrong", name=name).status_code == 422
    request = RequestFactory().get("/")
    assert authenticate(request, username=name, password="wrong") is None


def test_the_support_pages_are_no_other_door(client, knock):
    fail(knock)
    data = {"username": "alice", "password": PASSWORD}
    answer = client.post(reverse("admin:login"), data, REMOTE_ADDR="192.0.2.7")
    assert "locked for another 15 minutes" in answer.content.decode()


def test_neither_is_any_other_caller(knock):
    fail(knock)
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    assert authenticate(request, username="alice", password=PASSWORD) is None
    elsewhere = RequestFactory().get("/", REMOTE_ADDR="192.0.2.8")
    assert authenticate(elsewhere, username="alice", password=PASSWORD) is not None


@pytest.mark.django_db(transaction=True)
def test_asynchronous_callers_are_counted_too(alice):
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    check = async_to_sync(aauthenticate)
    assert check(request, username="alice", password=PASSWORD) == alice
    for _ in range(LIMIT):
        assert check(request, username="alice", password="wrong") is None
    assert check(request, username="alice", password=PASSWORD) is None


def test_the_log_tells_of_failures_and_of_the_lock(knock):
    fail(knock, LIMIT + 2)
    noted = Entry.objects.order_by("id").values_list("action", "actor", "address")
    failed = ("sign-in-failed", "alice", "192.0.2.7")
    assert list(noted) == [failed] * LIMIT + [("locked", "alice", "192.0.2.7")]


def test_an_administrator_unlocks(knock):
    fail(knock)
    assert person_unlock(username="Alice", actor=Actor("carol"))
    assert is_in(knock())
    assert Entry.objects.filter(action="unlocked", actor="carol", name="Alice").exists()


@pytest.mark.parametrize("model", ["user", "signinfailure"])
def test_the_support_page_unlocks(client, knock, alice, model):
    fail(knock)
    client.force_login(create_user("carol", is_staff=True, is_superuser=True))
    row = alice if model == "user" else SignInFailure.objects.get()
    page = reverse(f"admin:accounts_{model}_changelist")
    assert client.get(page).status_code == 200
    client.post(page, {"action": "unlock", "_selected_action": [row.pk]})
    client.logout()
    assert is_in(knock())


def test_the_command_unlocks(knock):
    fail(knock)
    out = StringIO()
    call_command("people", "unlock", "alice", stdout=out)
    assert out.getvalue() == "alice can sign in again.\n"
    assert is_in(knock())


def test_what_is_no_longer_counted_is_forgotten(knock):
    fail(knock)
    now = SignInFailure.objects.get().last_at
    assert failures_prune(now=now + timedelta(minutes=14)) == 0
    assert failures_prune(now=now + timedelta(minutes=15)) == 1
