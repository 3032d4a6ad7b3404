"""Passwords of one's own, people made by command and support page, and what the log keeps."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from prg_admin.accounts.models import User
from prg_admin.audit.models import Entry
from tests.factories import create_user

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "Wonderland-1", "Looking-Glass-2"


@pytest.fixture(autouse=True)
def quick(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(client) -> Client:
    client.force_login(create_user("alice.liddell", password=PASSWORD, role="read-only"))
    return client


def change(browser: Client, *, old: str = PASSWORD, new: str = NEW, again: str = ""):
    data = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return browser.post(reverse("accounts:password"), data)


def sentences(answer) -> str:
    assert answer.status_code == 422
    return " ".join(e for errors in answer.context["form"].errors.values() for e in errors)


def test_everybody_changes_their_own_password(alice):
    assert change(alice).url == reverse("accounts:password")
    assert User.objects.get().check_password(NEW)
    assert alice.get("/").status_code == 200


def test_sessions_elsewhere_end(alice):
    other = Client()
    other.force_login(User.objects.get())
    change(alice)
    assert other.get("/").status_code == 302


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("short-1", "at least 10 characters"),
        ("1234567890123", "entirely numeric"),
        ("password1234", "too common"),
        ("alice.liddel1", "similar to the username"),
        (PASSWORD, "the same as the current one"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(alice, new, told):
    assert told in sentences(change(alice, new=new))
    assert User.objects.get().check_password(PASSWORD)


def test_a_wrong_current_password_changes_nothing(alice):
    assert "Current password: it is wrong" in sentences(change(alice, old="x"))
    assert User.objects.get().check_password(PASSWORD)


def test_two_that_differ_change_nothing(alice):
    assert "the two do not match" in sentences(change(alice, again="Other-Password-3"))


def test_the_log_keeps_that_it_was_changed_and_not_to_what(alice):
    change(alice)
    entry = Entry.objects.latest("id")
    assert (entry.action, entry.name, entry.before, entry.after) == (
        "password-changed",
        "alice.liddell",
        {},
        {},
    )


def test_signing_in_and_out_is_noted(client):
    create_user("bob", password=PASSWORD)
    client.post(reverse("accounts:login"), {"username": "bob", "password": PASSWORD})
    client.post(reverse("accounts:logout"))
    noted = Entry.objects.order_by("id").values_list("action", "actor", "address")
    assert list(noted) == [("signed-in", "bob", "127.0.0.1"), ("signed-out", "bob", "127.0.0.1")]


def people(*words: str) -> str:
    out = StringIO()
    call_command("people", *words, stdout=out)
    return out.getvalue()


def test_a_person_is_added_by_command(monkeypatch):
    monkeypatch.setenv("PRG_PASSWORD", NEW)
    people("add", "dave", "--role", "serviceability")
    dave = User.objects.get(username="dave")
    assert dave.check_password(NEW)
    assert (dave.role, dave.is_superuser) == ("serviceability", False)
    entry = Entry.objects.get()
    assert entry.actor.startswith("cli:")
    assert (entry.action, entry.after["role"]) == ("added", "serviceability")


def test_a_password_that_was_made_is_printed_once(monkeypatch):
    monkeypatch.delenv("PRG_PASSWORD", raising=False)
    printed = people("add", "dave").splitlines()[-1].split(": ")[1]
    assert User.objects.get().check_password(printed)
    assert User.objects.get().role == "read-only"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "da ve"), "Enter a valid username"),
        (("add", "alice.liddell"), "already exists"),
        (("role", "nobody", "read-only"), "There is nobody named 'nobody'"),
        (("role", "root", "read-only"), "superuser's role must be Administrator"),
    ],
)
def test_mistakes_are_said_in_a_sentence(alice, monkeypatch, words, told):
    User.objects.create_superuser("root")
    monkeypatch.setenv("PRG_PASSWORD", NEW)
    with pytest.raises(CommandError, match=told):
        people(*words)


def test_a_role_is_changed_by_command():
    create_user("dave", role="read-only")
    people("role", "dave", "administrator")
    entry = Entry.objects.get()
    assert (entry.before, entry.after) == ({"role": "read-only"}, {"role": "administrator"})
    assert people("list") == "dave\tadministrator\n"


@pytest.fixture
def support(client):
    client.force_login(create_user("carol", is_staff=True, is_superuser=True))
    return client


def fields(user: User, **more: object) -> dict[str, object]:
    names = ("username", "role", "first_name", "last_name", "email", "is_active")
    when = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {name: getattr(user, name) for name in names} | when | more


def test_changes_on_the_support_page_are_noted(support):
    dave = create_user("dave", role="read-only")
    address = reverse("admin:accounts_user_change", args=[dave.pk])
    support.post(address, fields(dave, role="serviceability"))
    entry = Entry.objects.latest("id")
    assert (entry.actor, entry.action, entry.name) == ("carol", "changed", "dave")
    assert (entry.before, entry.after) == ({"role": "read-only"}, {"role": "serviceability"})


def test_a_superuser_with_a_smaller_role_is_refused_with_a_sentence(support):
    dave = create_user("dave", role="read-only")
    address = reverse("admin:accounts_user_change", args=[dave.pk])
    answer = support.post(address, fields(dave, is_superuser="on"))
    assert answer.status_code == 200
    assert "superuser&#x27;s role must be Administrator" in answer.content.decode()


def test_a_password_set_on_the_support_page_is_noted(support):
    dave = create_user("dave", password=PASSWORD)
    address = reverse("admin:auth_user_password_change", args=[dave.pk])
    data = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    support.post(address, data)
    assert User.objects.get(pk=dave.pk).check_password(NEW)
    assert Entry.objects.latest("id").action == "password-changed"


@pytest.mark.parametrize("how", ["one", "many"])
def test_deleting_somebody_on_the_support_page_is_noted(support, how):
    dave = create_user("dave")
    if how == "one":
        address = reverse("admin:accounts_user_delete", args=[dave.pk])
        support.post(address, {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": [dave.pk], "post": "yes"}
        support.post(reverse("admin:accounts_user_changelist"), data)
    entry = Entry.objects.get(action="deleted")
    assert (entry.actor, entry.name, entry.before["role"]) == ("carol", "dave", "administrator")
