"""System > LDAP Directory: saved, tried out, synchronised, deleted; who may do what."""

from __future__ import annotations

import pytest
from django.test import Client

from prg_admin.accounts.models import Role
from prg_admin.audit.models import Entry
from prg_admin.jobs.models import Job
from prg_admin.users.models import Directory, PresenceUser
from tests.factories import create_user
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

SECRET = "s3cret-of-the-directory"
GOOD = {
    "server": "ldap://127.0.0.1:1",
    "bind_dn": "cn=reader,dc=example,dc=com",
    "password": SECRET,
    "base": "dc=example,dc=com",
    "filter": "(objectClass=inetOrgPerson)",
    "userid_attribute": "uid",
    "name_attribute": "displayName",
    "licence_attribute": "",
    "page_size": "500",
    "minutes": "60",
    "most_removed": "10",
    "revision": "0",
}


@pytest.fixture
def town(db) -> Town:
    return create_town()


def url(town: Town, rest: str = "") -> str:
    return f"/system/ldap-directory/{town.cluster.pk}/{rest}"


def html(response) -> str:
    return response.content.decode()


def save(admin: Client, town: Town, **more: str):
    return admin.post(url(town), GOOD | more, follow=True)


def held(town: Town, gone: int = 3) -> None:
    numbers = {"found": 1, "added": 0, "changed": 0, "removed": 0, "fault_count": 0}
    result = {**numbers, "held": True, "gone": gone, "known": 4, "limit": 10}
    Directory.objects.update(result=result)


def test_the_list_shows_every_cluster(admin: Client, town: Town):
    save(admin, town)
    other = create_town()
    shown = html(admin.get("/system/ldap-directory/"))
    for words in (town.cluster.name, other.cluster.name, GOOD["server"], "no directory"):
        assert words in shown


def test_the_list_as_a_file_and_on_paper(admin: Client, town: Town):
    save(admin, town)
    other = create_town()
    parts = admin.get("/system/ldap-directory/", {"view": "csv"}).streaming_content
    head, *lines = b"".join(parts).decode("utf-8-sig").splitlines()
    assert head == "Cluster,Server,Users from it,Next by schedule,Last Synchronisation"
    assert sorted(lines) == sorted(
        [f"{town.cluster.name},{GOOD['server']},0,,", f"{other.cluster.name},,0,,"]
    )
    paper = html(admin.get("/system/ldap-directory/", {"view": "print"}))
    assert GOOD["server"] in paper
    assert "printed by" in paper


def test_what_is_saved_is_shown_again_but_not_the_password(admin: Client, town: Town):
    shown = html(save(admin, town, is_enabled="on"))
    assert "Update successful." in shown
    assert GOOD["bind_dn"] in shown
    assert SECRET not in shown
    stored = Directory.objects.get()
    assert (stored.minutes, stored.is_enabled, stored.due_at is not None) == (60, True, True)
    assert SECRET not in stored.sealed_password


def test_the_password_stays_when_none_is_typed(admin: Client, town: Town):
    save(admin, town)
    before = Directory.objects.get().sealed_password
    save(admin, town, password="", minutes="90", revision="1")
    stored = Directory.objects.get()
    assert (stored.sealed_password, stored.minutes) == (before, 90)


@pytest.mark.parametrize("field", ["server", "bind_dn"])
def test_a_stored_password_is_not_sent_elsewhere(admin: Client, town: Town, field: str):
    """Else whoever may save could have it sent to a server of their own."""
    save(admin, town)
    other = {"server": "ldap://127.0.0.2:1", "bind_dn": "cn=other,dc=example,dc=com"}
    for rest in ("", "test/"):
        data = GOOD | {"password": "", "revision": "1", field: other[field]}
        response = admin.post(url(town, rest), data)
        assert response.status_code == 422
        assert "Password: enter it again" in html(response)
    assert getattr(Directory.objects.get(), field) == GOOD[field]


def test_anonymously_without_a_bind_dn(admin: Client, town: Town):
    save(admin, town)
    save(admin, town, bind_dn="", password="", revision="1")
    assert Directory.objects.get().sealed_password == ""


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("server", "", "Server is required"),
        ("server", "http://x", "begins with ldap:// or ldaps://"),
        ("server", "ldap://a b", "is neither a host name nor an IP address"),
        ("server", "ldap://x/dc=y", "has more than scheme, host and port"),
        ("base", "people", "is not a distinguished name"),
        ("filter", "(uid=*", "is not a search filter"),
        ("userid_attribute", "1uid", "is not the name of an attribute"),
        ("page_size", "many", "Page Size must be a whole number from 1 to 1,000."),
        ("most_removed", "101", "must be a whole number from 0 to 100."),
        ("minutes", "", "must be a whole number from 5 to 10,080."),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    admin: Client, town: Town, field: str, value: str, said: str
):
    response = save(admin, town, **{field: value})
    assert response.status_code == 422
    assert said in html(response)
    typed = admin.post(url(town, f"validate/?field={field}"), GOOD | {field: value})
    assert said in html(typed)
    assert not Directory.objects.exists()


def test_no_other_field_is_validated(admin: Client, town: Town):
    assert admin.post(url(town, "validate/?field=nonsense"), GOOD).status_code == 404


def test_the_second_of_two_savers_is_told(admin: Client, town: Town):
    save(admin, town)
    response = save(admin, town, minutes="30")
    assert response.status_code == 409
    assert "Somebody else saved in the meantime" in html(response)
    assert SECRET not in html(response)
    assert Directory.objects.get().minutes == 60


def test_the_audit_log_has_it_without_the_password(admin: Client, town: Town):
    save(admin, town)
    save(admin, town, password="another-s3cret", revision="1")
    first, second = Entry.objects.filter(kind="cluster").order_by("pk")
    assert (first.action, first.after["server"]) == ("added", GOOD["server"])
    assert set(second.after) == {"password"}
    written = str([first.before, first.after, second.before, second.after])
    assert SECRET not in written
    assert "another-s3cret" not in written


def test_a_test_that_fails_says_why(admin: Client, town: Town):
    response = admin.post(url(town, "test/"), GOOD)
    assert "The server refuses connections at this port" in html(response)
    assert not Directory.objects.exists()


def test_a_test_of_what_is_wrong_names_the_field(admin: Client, town: Town):
    answer = admin.post(
        url(town, "test/"),
        GOOD | {"base": ""},
        headers={"HX-Request": "true", "HX-Target": "directory-test"},
    )
    assert answer.status_code == 200
    assert "Search Base is required" in html(answer)
    assert "<form" not in html(answer)


def test_synchronise_now_is_a_job(admin: Client, town: Town):
    save(admin, town)
    response = admin.post(url(town, "synchronise/"))
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert admin.post(url(town, "synchronise/"))["Location"] == f"/jobs/{job.pk}/"
    assert Job.objects.count() == 1


def test_without_a_directory_there_is_nothing_to_synchronise(admin: Client, town: Town):
    for rest in ("synchronise/", "remove-anyway/"):
        assert admin.post(url(town, rest)).status_code == 404


def test_removing_anyway_is_offered_while_it_is_held(admin: Client, town: Town):
    save(admin, town)
    assert "Anyway" not in html(admin.get(url(town)))
    held(town)
    shown = html(admin.get(url(town)))
    assert "3 of 4 users of the directory are not in it any more" in shown
    assert "Remove 3 Users Anyway" in shown
    admin.post(url(town, "remove-anyway/"), {"gone": "3"})
    assert Job.objects.get().parameters["may_remove"] == 3


@pytest.mark.parametrize("gone", ["2", "4", "", "x"])
def test_other_numbers_than_those_shown_remove_nobody(admin: Client, town: Town, gone: str):
    save(admin, town)
    held(town)
    response = admin.post(url(town, "remove-anyway/"), {"gone": gone}, follow=True)
    assert "The numbers have changed meanwhile" in html(response)
    assert not Job.objects.exists()


def test_deleted_its_users_stay_as_local_ones(admin: Client, town: Town):
    save(admin, town)
    town.add("ann", directory=Directory.objects.get())
    assert "1 user came from it" in html(admin.get(url(town, "delete/")))
    admin.post(url(town, "delete/"))
    assert not Directory.objects.exists()
    assert PresenceUser.objects.get().directory is None


def test_readers_look_and_change_nothing(client: Client, admin: Client, town: Town):
    save(admin, town)
    held(town)
    client.force_login(create_user(role=Role.READ_ONLY))
    shown = html(client.get(url(town)))
    assert GOOD["server"] in shown
    for words in ("Synchronise Now", "Anyway", "Test"):
        assert f"{words}</button>" not in shown
    for rest in ("", "test/", "synchronise/", "remove-anyway/", "delete/", "validate/"):
        assert client.post(url(town, rest), GOOD).status_code == 403


def test_no_such_cluster(admin: Client):
    assert admin.get("/system/ldap-directory/999/").status_code == 404
