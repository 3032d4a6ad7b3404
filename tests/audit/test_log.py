"""The audit log: what is written into it, that nothing in it changes, and its page."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.timezone import now

from prg_admin.audit.models import Action, Entry, Kind
from prg_admin.audit.services import HIDDEN, audit_prune, record
from prg_admin.lib.actor import Actor
from tests.factories import create_user

pytestmark = pytest.mark.django_db
ALICE = Actor("alice", "192.0.2.7")
PAGE = "/audit/"


def note(name: str = "Tokyo", **more) -> Entry:
    values = {"actor": ALICE, "action": Action.CHANGED, "kind": Kind.GROUP} | more
    record(name=name, **values)
    return Entry.objects.latest("id")


def at_age(days: int) -> Entry:
    return Entry.objects.create(
        at=now() - timedelta(days=days), actor="alice", action="added", kind="group", name="Tokyo"
    )


@pytest.fixture
def page(client):
    client.force_login(create_user("alice"))
    return lambda **query: client.get(PAGE, query, REMOTE_ADDR="192.0.2.7")


def test_an_entry_says_who_when_from_where_and_what():
    entry = note(before={"name": "Tokio"}, after={"name": "Tokyo"})
    assert (entry.actor, entry.address, entry.action) == ("alice", "192.0.2.7", "changed")
    assert (entry.kind, entry.name) == ("group", "Tokyo")
    assert (entry.before, entry.after) == ({"name": "Tokio"}, {"name": "Tokyo"})
    assert now() - entry.at < timedelta(minutes=5)


def test_only_what_differs_is_kept():
    entry = note(before={"a": 1, "b": 2, "gone": 3}, after={"a": 1, "b": 4, "new": None})
    assert entry.before == {"b": 2, "gone": 3}
    assert entry.after == {"b": 4}


@pytest.mark.parametrize("field", ["password", "Passphrase", "key_hash", "api_key", "SECRET"])
def test_secrets_are_not_kept(field):
    entry = note(before={field: "hunter2"}, after={field: "hunter3", "monkey": "shown"})
    assert entry.before == {field: HIDDEN}
    assert entry.after == {field: HIDDEN, "monkey": "shown"}
    assert "hunter" not in json.dumps([entry.before, entry.after])


def test_what_was_undone_left_no_entry():
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        note()
        raise RuntimeError("undone")
    assert not Entry.objects.exists()


def test_names_too_long_for_the_table_are_cut():
    entry = note("x" * 1000, actor=Actor("y" * 1000))
    assert (entry.name, entry.actor, entry.address) == ("x" * 255, "y" * 150, None)


def test_no_entry_can_be_changed():
    entry = note()
    entry.name = "Osaka"
    with pytest.raises(IntegrityError, match="neither changed nor deleted"), transaction.atomic():
        entry.save(update_fields=["name"])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET actor = 'bob'")


@pytest.mark.parametrize("days", [0, 89])
def test_no_young_entry_can_be_deleted(days):
    entry = at_age(days)
    with pytest.raises(IntegrityError, match="neither changed nor deleted"), transaction.atomic():
        entry.delete()
    assert Entry.objects.count() == 1


def test_entries_are_let_go_when_their_time_is_over(settings):
    settings.AUDIT_KEEP_DAYS = 100
    young, _old = at_age(99), at_age(101)
    assert audit_prune(now=now()) == 1
    assert Entry.objects.get() == young


def test_the_page_shows_values_before_and_after(page):
    note(
        before={"description": "", "ha_enabled": False},
        after={"description": "東京", "ha_enabled": True},
    )
    shown = page().content.decode()
    assert "<ins>東京</ins>" in shown
    assert "<del>off</del>" in shown
    assert "Enable High Availability:" in shown
    assert "192.0.2.7" in shown


def test_hostile_values_are_shown_as_text(page):
    note("<script>alert(1)</script>", before={"<b>": "<i>"}, after={"<b>": "\u202e"})
    shown = page().content.decode()
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<del><i>" not in shown


@pytest.mark.parametrize(
    ("field", "text", "count"),
    [("who", "bob", 1), ("action", "delet", 1), ("kind", "server", 1), ("object", "TOK", 2)],
)
def test_the_log_is_filtered(page, field, text, count):
    Entry.objects.all()
    note("Tokyo")
    note("tokyo-2", actor=Actor("bob"))
    note("imp1", action=Action.DELETED, kind=Kind.NODE)
    found = page(field=field, operator="begins-with", text=text).context["found"]
    assert found.count == count


@pytest.mark.parametrize("text", ["192.0.2", "::1", "%", "'; --"])
def test_addresses_are_searched_as_text(page, text):
    note("there", actor=ALICE)
    found = page(field="address", operator="contains", text=text)
    assert found.status_code == 200
    assert found.context["found"].count == (1 if text == "192.0.2" else 0)


def test_the_newest_stands_first(page):
    note("first")
    note("second")
    assert [entry.name for entry, _values in page().context["rows"]][:2] == ["second", "first"]


def test_the_file_has_the_values(page):
    note(before={"name": "a"}, after={"name": "=cmd()"})
    text = b"".join(page(view="csv").streaming_content).decode()
    assert "Name: a -> =cmd()" in text


def test_the_number_of_queries_does_not_grow(page, django_assert_max_num_queries):
    for i in range(30):
        note(f"group-{i}", before={"name": "a"}, after={"name": "b"})
    with django_assert_max_num_queries(9):
        assert len(page().context["rows"]) >= 30


def test_it_stands_at_its_address():
    assert reverse("audit:log") == PAGE
