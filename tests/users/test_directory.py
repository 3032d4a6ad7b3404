"""Users from a real OpenLDAP server: read, merged, removed within the limit, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import ldap3
import pytest
from django.db import connection
from django.utils.timezone import now

from prg_admin.audit.models import Entry
from prg_admin.domain.assignment import Mode
from prg_admin.domain.directory import DirectoryDraft, Trouble
from prg_admin.domain.states import NodeState
from prg_admin.jobs import services as jobs
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.selectors import job_row
from prg_admin.jobs.services import job_cancel, job_step
from prg_admin.lib.actor import Actor
from prg_admin.users import directory_handler, handlers
from prg_admin.users.directories import (
    Saved,
    directories_sync,
    directory_save,
    directory_test,
    sync_start,
)
from prg_admin.users.ldap_client import Failed
from prg_admin.users.models import Directory, ImportLine, PresenceUser, UserImport
from tests.plugins.slapd import PASSWORD, ROOT_DN, SUFFIX, Slapd, tree
from tests.users.cluster import Town, create_town

pytestmark = [pytest.mark.django_db, pytest.mark.slapd]

ALICE = Actor("alice")
NOW = now()
LATER = NOW + 2 * jobs.STALE
PEOPLE = f"ou=people,{SUFFIX}"
EACH_ROW = "select userid, xmin::text, ctid::text from users_presenceuser order by userid"


class People:
    """Those in the directory; changed as its manager does it."""

    def __init__(self, slapd: Slapd) -> None:
        server = ldap3.Server(slapd.server, get_info=ldap3.NONE)
        self._link = ldap3.Connection(
            server, f"cn=manager,{SUFFIX}", "manager", auto_bind=True, check_names=False
        )
        self.clear()

    def add(self, *userids: str, **attributes: str | list[str]) -> None:
        for userid in userids:
            values = {"cn": userid, "sn": userid, "displayName": userid.title(), **attributes}
            known = {name: value for name, value in values.items() if value}
            assert self._link.add(f"uid={userid},{PEOPLE}", "inetOrgPerson", known)

    def add_many(self, count: int) -> None:
        self.add(*(f"user{number}" for number in range(count)))

    def add_nameless(self, cn: str) -> None:
        assert self._link.add(f"cn={cn},{PEOPLE}", "inetOrgPerson", {"sn": cn})

    def change(self, userid: str, **attributes: str) -> None:
        changes = {k: [(ldap3.MODIFY_REPLACE, [v])] for k, v in attributes.items()}
        assert self._link.modify(f"uid={userid},{PEOPLE}", changes)

    def remove(self, *userids: str) -> None:
        for userid in userids:
            assert self._link.delete(f"uid={userid},{PEOPLE}")

    def clear(self) -> None:
        self._link.search(PEOPLE, "(objectClass=inetOrgPerson)", attributes=["1.1"])
        for dn in [row["dn"] for row in self._link.response]:
            self._link.delete(dn)

    def close(self) -> None:
        self._link.unbind()


@pytest.fixture
def people(slapd: Slapd) -> Iterator[People]:
    found = People(slapd)
    yield found
    found.close()


def draft(slapd: Slapd, **more) -> DirectoryDraft:
    given = DirectoryDraft(
        server=slapd.server, bind_dn=ROOT_DN, password=PASSWORD, base=SUFFIX, page_size=2
    )
    return replace(given, **more)


def save(town: Town, given: DirectoryDraft, revision: int = 0) -> Directory:
    outcome = directory_save(
        cluster_id=town.cluster.pk, draft=given, revision=revision, actor=ALICE, now=NOW
    )
    assert isinstance(outcome, Saved), outcome
    return outcome.directory


def start(directory: Directory, **more) -> Job:
    job, is_new = sync_start(directory_id=directory.pk, actor=ALICE, now=NOW, **more)
    assert is_new
    return job


def finish(job: Job, worker: str = "one", at=NOW) -> Job:
    while not job.is_finished:
        job_step(job_id=job.pk, run=worker, now=at)
        job.refresh_from_db()
    return job


def sync(directory: Directory, **more) -> Job:
    return finish(start(directory, **more))


def users(town: Town) -> list[tuple[str, str, bool]]:
    found = town.cluster.presence_users.order_by("userid")
    return list(found.values_list("userid", "display_name", "is_licensed"))


def said(job: Job) -> str:
    return " ".join(text for _tone, text in job_row(job).words)


def rows() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(EACH_ROW)
        return cursor.fetchall()


@pytest.fixture
def town(db) -> Town:
    return create_town()


@pytest.fixture
def directory(town: Town, slapd: Slapd, people: People) -> Directory:
    return save(town, draft(slapd))


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


# What cannot be read


@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        ({"password": "wrong"}, Trouble.CREDENTIALS),
        ({"base": f"ou=nowhere,{SUFFIX}"}, Trouble.BASE),
        ({"server": "ldap://127.0.0.1:1"}, Trouble.REFUSED),
        ({"server": "ldap://nowhere.invalid"}, Trouble.UNKNOWN_HOST),
    ],
)
def test_what_cannot_be_read_changes_nothing_and_is_told(
    town: Town, slapd: Slapd, people: People, more: dict, trouble: Trouble
):
    directory = save(town, draft(slapd, most_removed=100))
    people.add("ann")
    sync(directory)
    before = rows()
    save(town, draft(slapd, **more), revision=1)
    job = sync(directory)
    assert (job.state, job.result["trouble"]) == (State.REFUSED, trouble)
    assert "The directory could not be read; nothing was changed." in said(job)
    assert rows() == before
    directory.refresh_from_db()
    assert directory.result["trouble"] == trouble


def test_a_server_that_gives_only_a_part_is_not_believed(town: Town, people: People, tmp_path):
    """Else all beyond its limit would count as gone."""
    small = Slapd(tmp_path / "small", limits="size=3")
    more = "".join(
        f"dn: uid=u{n},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: u{n}\ncn: u\nsn: u\n\n"
        for n in range(9)
    )
    small.fill(tree() + more)
    small.start()
    try:
        job = sync(save(town, draft(small)))
    finally:
        small.stop()
    assert (job.state, job.result["trouble"], users(town)) == (
        State.REFUSED,
        Trouble.INCOMPLETE,
        [],
    )


def test_a_server_that_goes_away_while_it_is_read(
    town: Town, people: People, tmp_path, monkeypatch
):
    monkeypatch.setattr(directory_handler, "STEP_S", 0.0)
    own = Slapd(tmp_path / "own")
    more = "".join(
        f"dn: uid=u{n},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: u{n}\ncn: u\nsn: u\n\n"
        for n in range(9)
    )
    own.fill(tree() + more)
    own.start()
    job = start(save(town, draft(own)))
    job_step(job_id=job.pk, run="one", now=NOW)
    own.stop()
    finish(job)
    assert (job.state, job.result["trouble"]) == (State.REFUSED, Trouble.BROKEN_OFF)
    assert users(town) == []


# As a job


def forget_readings() -> None:
    """As a worker that is killed forgets them, and the kernel closes its connections."""
    for reading in directory_handler._readings.values():
        reading.search.close()
    directory_handler._readings.clear()


@pytest.mark.parametrize("steps", range(7))
def test_after_an_abort_at_any_point_another_worker_ends_it(
    town: Town, directory: Directory, people: People, monkeypatch, steps: int
):
    monkeypatch.setattr(directory_handler, "STEP_S", 0.0)
    monkeypatch.setattr(handlers, "BATCH", 2)
    people.add("ann", "bob", "carol", "dave", "eve")
    job = start(directory)
    for _ in range(steps):
        job_step(job_id=job.pk, run="one", now=NOW)
    forget_readings()
    job.refresh_from_db()
    finish(job, "two", LATER)
    assert (job.state, job.result["added"], job.result["assigned"]) == (State.DONE, 5, 5)
    assert (town.counts, UserImport.objects.count()) == ([2, 1, 1, 1, 0], 0)


def test_workers_that_take_turns_come_to_an_end(
    town: Town, directory: Directory, people: People, monkeypatch
):
    monkeypatch.setattr(directory_handler, "STEP_S", 0.0)
    people.add_many(20)
    job, turns = start(directory), 0
    while not job.is_finished:
        job_step(job_id=job.pk, run="one", now=NOW)
        forget_readings()
        job.refresh_from_db()
        turns += 1
    assert (job.state, len(users(town)), turns < 10) == (State.DONE, 20, True)


def test_cancelled_while_it_is_read_nothing_has_changed(
    town: Town, directory: Directory, people: People, monkeypatch
):
    monkeypatch.setattr(directory_handler, "STEP_S", 0.0)
    people.add("ann", "bob", "carol")
    job = start(directory)
    job_step(job_id=job.pk, run="one", now=NOW)
    job_cancel(job_id=job.pk, now=NOW)
    finish(job)
    assert (job.state, users(town)) == (State.CANCELLED, [])
    assert sync(directory).result["added"] == 3


def test_while_a_node_is_failed_over_new_users_wait(
    town: Town, directory: Directory, people: People
):
    people.add("ann", "bob")
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    job = sync(directory)
    assert (job.state, job.result["queued"], town.counts[-1]) == (State.DONE, 2, 2)
    assert "2 users could not be assigned now" in said(job)


def test_mode_none_leaves_new_users_unassigned(town: Town, directory: Directory, people: People):
    people.add("ann")
    town.set_mode(Mode.NONE)
    job = sync(directory)
    assert (job.result["unplaced"], job.result["queued"], town.counts[-1]) == (1, 0, 1)


def test_of_one_directory_there_is_one_at_a_time(directory: Directory, people: People):
    job = start(directory)
    again, is_new = sync_start(directory_id=directory.pk, actor=ALICE, now=NOW)
    assert (again.pk, is_new) == (job.pk, False)


def test_what_is_due_begins_by_itself_and_only_once(town: Town, slapd: Slapd, people: People):
    directory = save(town, draft(slapd, is_enabled=True, minutes=30))
    assert directories_sync(now=NOW) == 0
    late = NOW + timedelta(minutes=31)
    assert directories_sync(now=late) == 1
    assert directories_sync(now=late) == 0
    directory.refresh_from_db()
    assert (directory.due_at, directory.job.actor) == (late + timedelta(minutes=30), "Sync Agent")


def test_a_failure_is_tried_again_at_the_next_time(town: Town, slapd: Slapd, people: People):
    directory = save(town, draft(slapd, is_enabled=True, server="ldap://127.0.0.1:1"))
    late = NOW + timedelta(minutes=61)
    directories_sync(now=late)
    assert finish(Job.objects.get()).state == State.REFUSED
    assert directories_sync(now=late + timedelta(minutes=61)) == 1
    directory.refresh_from_db()
    assert directory.is_enabled


# Trying out, and secrets


def test_a_test_counts_and_shows_the_first(town: Town, slapd: Slapd, people: People):
    people.add_many(12)
    found = directory_test(draft(slapd), None)
    assert (found.found, found.is_all, len(found.first)) == (12, True, 5)
    assert users(town) == []


def test_a_test_says_why_not(slapd: Slapd, people: People):
    with pytest.raises(Failed) as failed:
        directory_test(draft(slapd, password="wrong"), None)
    assert failed.value.trouble is Trouble.CREDENTIALS


def test_the_password_is_readable_nowhere(town: Town, directory: Directory, people: People, caplog):
    with caplog.at_level(logging.DEBUG):
        people.add("ann")
        sync(directory)
        save(town, draft(directory_server(directory), password=PASSWORD, minutes=90), revision=1)
    texts = [caplog.text]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'select t::text from "{table}" t')  # noqa: S608
            texts += [line for (line,) in cursor.fetchall()]
    assert not [text for text in texts if PASSWORD in text]


def directory_server(directory: Directory):
    class Server:
        server = directory.server

    return Server


def test_a_password_sealed_with_another_key_is_asked_for(
    town: Town, directory: Directory, people: People, settings
):
    settings.SECRET_KEY = "another"
    job = sync(directory)
    assert job.result["trouble"] == Trouble.SEALED
    assert "enter the password again" in said(job)
