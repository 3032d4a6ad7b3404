"""A directory that cannot be read, the job that reads it, trying it out, and its password."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from prg_admin.domain.assignment import Mode
from prg_admin.domain.directory import DirectoryDraft, Trouble
from prg_admin.domain.states import NodeState
from prg_admin.jobs import services as jobs
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.services import job_cancel, job_step
from prg_admin.topology.pki import ensure_authority, issue
from prg_admin.users import directory_handler, handlers
from prg_admin.users.directories import directories_sync, directory_test, sync_start
from prg_admin.users.ldap_client import Failed
from prg_admin.users.models import Directory, UserImport
from tests.live.conftest import test_database_url as database_url
from tests.plugins.slapd import PASSWORD, SUFFIX, Slapd, tree
from tests.users.cluster import Town, create_town
from tests.users.people import (
    ALICE,
    LATER,
    NOW,
    PEOPLE,
    People,
    draft,
    finish,
    rows,
    said,
    save,
    start,
    sync,
    users,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slapd]


@pytest.fixture
def town(db) -> Town:
    return create_town()


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


CERTIFICATE = """
TLSCertificateFile {folder}/own.pem
TLSCertificateKeyFile {folder}/own.key
"""


def test_at_ldaps_only_a_certificate_that_is_trusted_is_talked_to(
    people: People, tmp_path, settings
):
    ensure_authority(tmp_path)
    issue(tmp_path, "localhost", tmp_path / "own.pem", tmp_path / "own.key")
    secure = Slapd(tmp_path / "own", tls=CERTIFICATE.format(folder=tmp_path))
    secure.fill(tree())
    secure.start()
    named = secure.server.replace("127.0.0.1", "localhost")
    try:
        assert trouble(draft(secure, server=named)) is Trouble.TLS
        settings.LDAP_CA_FILE = str(tmp_path / "ca.crt")
        assert trouble(draft(secure, server=named)) is None
        for content in (None, b"no certificate"):
            wrong = tmp_path / f"wrong-{content is None}"
            if content:
                wrong.write_bytes(content)
            settings.LDAP_CA_FILE = str(wrong)
            assert trouble(draft(secure, server=named)) is Trouble.TLS
        settings.LDAP_CA_FILE = str(tmp_path / "ca.crt")
        # Its certificate is for the name, not for the address.
        assert trouble(draft(secure)) is Trouble.TLS
    finally:
        secure.stop()


def trouble(given: DirectoryDraft) -> Trouble | None:
    try:
        directory_test(given, None)
    except Failed as failed:
        return failed.trouble
    return None


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("steps", [1, 4, 5])
def test_kill_9_while_it_is_read_merged_or_given_homes(
    town: Town, directory: Directory, people: People, steps: int
):
    """A real process, with its own connections to database and directory."""
    people.add("ann", "bob", "carol", "dave", "eve")
    job = start(directory)
    command = [sys.executable, "-m", "tests.users.killed_directory", str(job.pk), str(steps)]
    env = os.environ | {"DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY}
    env["DJANGO_SETTINGS_MODULE"] = "prg_admin.settings"
    assert subprocess.run(command, check=False, env=env).returncode == -signal.SIGKILL
    job.refresh_from_db()
    assert job.run == "first"
    finish(job, "second", now() + 2 * jobs.STALE)
    assert (job.state, job.resumed) == (State.DONE, 1)
    assert (job.result["added"], town.counts) == (5, [2, 1, 1, 1, 0])


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
    assert trouble(draft(slapd, password="wrong")) is Trouble.CREDENTIALS


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
