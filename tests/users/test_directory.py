"""Users from a real OpenLDAP server: who comes, who goes, and what is wrong with entries."""

from __future__ import annotations

import logging

import pytest

from prg_admin.audit.models import Entry
from prg_admin.jobs.models import State
from prg_admin.users.models import Directory, ImportLine, PresenceUser
from tests.plugins.slapd import Slapd
from tests.users.cluster import Town, create_town
from tests.users.people import NOW, PEOPLE, People, draft, rows, said, save, sync, users

pytestmark = [pytest.mark.django_db, pytest.mark.slapd]


@pytest.fixture
def town(db) -> Town:
    return create_town()


# What comes


def test_new_entries_become_users_with_homes_by_the_mode(
    town: Town, directory: Directory, people: People
):
    people.add("ann", "bob", "carol", "dave", "eve")
    job = sync(directory)
    assert (job.state, job.done, job.total) == (State.DONE, 10, 10)
    assert [name for name, *_ in users(town)] == ["ann", "bob", "carol", "dave", "eve"]
    assert town.counts == [2, 1, 1, 1, 0]
    assert set(PresenceUser.objects.values_list("directory", flat=True)) == {directory.pk}
    assert "Entries found: 5. Users added: 5, changed: 0, removed: 0." in said(job)
    directory.refresh_from_db()
    assert (directory.result["added"], directory.result_at) == (5, NOW)
    assert not ImportLine.objects.exists()


def test_a_japanese_name_and_a_licence(town: Town, slapd: Slapd, people: People):
    directory = save(town, draft(slapd, licence_attribute="employeeType"))
    people.add("hanako", displayName="山田 花子", employeeType="はい")
    people.add("taro", displayName=[], employeeType="no")
    sync(directory)
    assert users(town) == [("hanako", "山田 花子", True), ("taro", "", False)]
    assert town.counts == [1, 0, 0, 0, 1]


def test_synchronised_again_no_row_is_written(town: Town, directory: Directory, people: People):
    people.add("ann", "bob", "carol")
    sync(directory)
    before, entries = rows(), Entry.objects.count()
    job = sync(directory)
    assert [job.result[name] for name in ("added", "changed", "removed")] == [0, 0, 0]
    assert (rows(), Entry.objects.count()) == (before, entries)


def test_changed_names_and_licences_are_updated_and_nothing_else(
    town: Town, slapd: Slapd, people: People
):
    directory = save(town, draft(slapd, licence_attribute="employeeType"))
    people.add("ann", "bob", "carol")
    sync(directory)
    before = {userid: rest for userid, *rest in rows()}
    people.change("ann", displayName="Ann Sample")
    people.change("bob", employeeType="no")
    job = sync(directory)
    assert (job.result["added"], job.result["changed"]) == (0, 2)
    assert users(town)[:2] == [("ann", "Ann Sample", True), ("bob", "Bob", False)]
    assert PresenceUser.objects.get(userid="bob").home is None
    after = {userid: rest for userid, *rest in rows()}
    assert after["carol"] == before["carol"]


def test_user_ids_are_compared_without_regard_to_case(
    town: Town, directory: Directory, people: People
):
    town.add("Ann", display_name="Ann")
    people.add("ann")
    job = sync(directory)
    assert (job.result["added"], job.result["changed"]) == (0, 0)
    assert users(town) == [("Ann", "Ann", True)]


def test_the_filter_chooses(town: Town, slapd: Slapd, people: People):
    directory = save(town, draft(slapd, filter="(&(objectClass=inetOrgPerson)(!(uid=bob)))"))
    people.add("ann", "bob")
    sync(directory)
    assert [name for name, *_ in users(town)] == ["ann"]


# What goes


def test_who_is_gone_is_removed(town: Town, slapd: Slapd, people: People):
    directory = save(town, draft(slapd, most_removed=50))
    people.add("ann", "bob")
    sync(directory)
    people.remove("bob")
    job = sync(directory)
    assert (job.result["removed"], [name for name, *_ in users(town)]) == (1, ["ann"])
    assert Entry.objects.latest("pk").after["removed_userids"] == ["bob"]


def test_who_came_from_elsewhere_is_not_removed(town: Town, slapd: Slapd, people: People):
    directory = save(town, draft(slapd, most_removed=100))
    town.add("local", home=town.node(1))
    people.add("ann", "local")
    sync(directory)
    people.remove("ann", "local")
    sync(directory)
    assert [name for name, *_ in users(town)] == ["local"]


def test_more_than_the_limit_removes_nobody_and_says_so_in_numbers(
    town: Town, directory: Directory, people: People, caplog
):
    people.add("ann", "bob", "carol", "dave")
    sync(directory)
    people.remove("ann", "bob")
    people.add("eve")
    with caplog.at_level(logging.WARNING):
        job = sync(directory)
    assert (job.result["gone"], job.result["removed"], job.result["held"]) == (2, 0, True)
    assert len(users(town)) == 5
    wanted = "2 of 4 users of the directory are not in it any more. That is more than 10 %"
    assert wanted in said(job)
    assert "2 of 4 users are gone, more than 10 %; nobody was removed" in caplog.text
    directory.refresh_from_db()
    assert directory.result["held"]


def test_an_administrator_removes_them_anyway(town: Town, directory: Directory, people: People):
    people.add("ann", "bob", "carol", "dave")
    sync(directory)
    people.remove("ann", "bob")
    assert sync(directory).result["held"]
    assert sync(directory, may_remove=2).result["removed"] == 2
    assert [name for name, *_ in users(town)] == ["carol", "dave"]


def test_removing_anyway_is_meant_for_so_many_as_were_shown(
    town: Town, directory: Directory, people: People
):
    people.add("ann", "bob", "carol", "dave")
    sync(directory)
    people.clear()
    assert sync(directory, may_remove=2).result["removed"] == 0
    assert len(users(town)) == 4


def test_a_directory_that_answers_with_nothing_empties_no_cluster(
    town: Town, directory: Directory, people: People
):
    people.add_many(20)
    sync(directory)
    people.clear()
    assert sync(directory).result["held"]
    assert len(users(town)) == 20


# What is wrong with entries


def test_what_is_wrong_is_told_by_entry_and_the_others_go_on(
    town: Town, slapd: Slapd, people: People
):
    directory = save(town, draft(slapd, licence_attribute="employeeType"))
    people.add("ann")
    people.add("x" * 129)
    people.add("bob", employeeType="maybe")
    people.add("carol", displayName="a\u202eb")
    people.add_nameless("nobody")
    people.add("dave", uid=["dave", "david"])
    job = sync(directory)
    assert [name for name, *_ in users(town)] == ["ann"]
    told = {f["entry"].split(",")[0][:12]: f["fault"] for f in job.result["faults"]}
    assert told == {
        f"uid={'x' * 8}": "too-long",
        "uid=bob": "not-yes-or-no",
        "uid=carol": "characters",
        "cn=nobody": "required",
        "uid=dave": "several-values",
    }
    assert "6 faults were found in entries" in said(job)


def test_the_same_user_in_two_entries_is_told(town: Town, directory: Directory, people: People):
    people.add("ann")
    assert people._link.add(f"ou=more,{PEOPLE}", "organizationalUnit")
    values = {"cn": "x", "sn": "x"}
    assert people._link.add(f"uid=ANN,ou=more,{PEOPLE}", "inetOrgPerson", values)
    job = sync(directory)
    assert len(users(town)) == 1
    assert [fault["fault"] for fault in job.result["faults"]] == ["double"]
    people.clear()
    people._link.delete(f"ou=more,{PEOPLE}")


def test_a_known_user_whose_entry_is_wrong_now_is_not_removed(
    town: Town, slapd: Slapd, people: People
):
    directory = save(town, draft(slapd, most_removed=100))
    people.add("ann", "bob")
    sync(directory)
    before = rows()
    people.change("ann", displayName="x" * 129)
    job = sync(directory)
    assert (job.result["removed"], job.result["fault_count"]) == (0, 1)
    assert rows() == before
