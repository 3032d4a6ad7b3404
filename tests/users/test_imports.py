"""Import from CSV: looked at first, carried out whole or not at all, idempotent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from prg_admin.audit.models import Entry
from prg_admin.domain.assignment import Mode
from prg_admin.domain.states import NodeState
from prg_admin.jobs import services
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.services import job_step
from prg_admin.jobs.tasks import run
from prg_admin.users import handlers, import_handler
from prg_admin.users.models import ImportLine, PresenceUser, UserImport
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

URL = "/user-management/assign-presence-users/import/"
THREE = "userid,name,licensed\nann,Ann,yes\nbob,Bob,yes\ncarol,Carol,no\n"


def upload(admin: Client, town: Town, text: str | bytes = THREE):
    content = text if isinstance(text, bytes) else text.encode()
    data = {"cluster": town.cluster.pk, "file": SimpleUploadedFile("users.csv", content)}
    return admin.post(URL, data, follow=True)


def confirm(admin: Client) -> Job | None:
    staged = UserImport.objects.latest("pk")
    admin.post(f"{URL}{staged.pk}/")
    return Job.objects.filter(parameters__import=staged.pk).first()


def imported(admin: Client, town: Town, text: str | bytes = THREE) -> Job:
    upload(admin, town, text)
    job = confirm(admin)
    run(job_id=job.pk)
    job.refresh_from_db()
    return job


def html(response) -> str:
    return response.content.decode()


def users(town: Town) -> list[tuple[str, str, bool]]:
    found = town.cluster.presence_users.order_by("userid")
    return list(found.values_list("userid", "display_name", "is_licensed"))


def waiting(town: Town) -> list[str]:
    found = town.cluster.presence_users.filter(queued_at__isnull=False)
    return list(found.order_by("userid").values_list("userid", flat=True))


def test_the_preview_says_what_would_change_and_changes_nothing(admin: Client):
    town = create_town()
    town.add("ann", display_name="Ann")
    town.add("Carol", display_name="Carol", home=town.node(1))
    shown = html(upload(admin, town))
    sizes = shown[shown.index('id="sizes"') : shown.index("</dl>")].split("<dd>")
    assert [cell.split("</dd>")[0] for cell in sizes[1:]] == ["UTF-8", "3", "1", "1", "1", "1"]
    assert PresenceUser.objects.count() == 2


def test_confirmed_users_are_added_changed_and_given_homes(admin: Client):
    town = create_town()
    town.add("Carol", display_name="Carol", home=town.node(1))
    job = imported(admin, town)
    assert (job.state, job.result["added"], job.result["changed"]) == (State.DONE, 2, 1)
    assert users(town) == [("Carol", "Carol", False), ("ann", "Ann", True), ("bob", "Bob", True)]
    assert town.counts == [1, 1, 0, 0, 1]
    assert not ImportLine.objects.exists()


def test_the_same_file_again_changes_nothing(admin: Client):
    town = create_town()
    imported(admin, town)
    before, entries = list(PresenceUser.objects.values_list()), Entry.objects.count()
    job = imported(admin, town)
    assert (job.result["added"], job.result["changed"]) == (0, 0)
    assert list(PresenceUser.objects.values_list()) == before
    assert Entry.objects.count() == entries


def test_nobody_is_deleted(admin: Client):
    town = create_town(2)
    imported(admin, town)
    assert len(users(town)) == 5


def test_a_japanese_file_from_windows(admin: Client):
    town = create_town()
    imported(admin, town, "userid,名前\nhanako,山田 花子\n".encode("cp932"))
    assert users(town) == [("hanako", "山田 花子", True)]


def test_with_a_fault_nothing_is_imported(admin: Client):
    town = create_town()
    shown = html(upload(admin, town, THREE + "ANN,,\n,x,\n"))
    assert "The file has 2 faults; nothing is imported" in shown
    assert "User ID ANN stands already in line 2." in shown
    assert confirm(admin) is None
    assert users(town) == []


def test_a_second_confirmation_starts_nothing(admin: Client):
    town = create_town()
    imported(admin, town)
    staged = UserImport.objects.get()
    assert admin.post(f"{URL}{staged.pk}/").status_code == 409
    assert Job.objects.count() == 1


def test_while_a_node_is_failed_over_new_users_wait_for_the_sync_agent(admin: Client):
    town = create_town()
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    shown = html(upload(admin, town))
    assert f"Node {town.node(1).name} is in state Idle" in shown
    job = confirm(admin)
    run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.result["queued"], town.counts[-1]) == (State.DONE, 2, 3)
    assert waiting(town) == ["ann", "bob"]


def test_a_failover_after_the_confirmation_lets_them_wait_too(admin: Client):
    town = create_town()
    upload(admin, town)
    job = confirm(admin)
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    run(job_id=job.pk)
    assert waiting(town) == ["ann", "bob"]


def test_who_loses_the_licence_waits_no_more(admin: Client):
    town = create_town()
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    imported(admin, town)
    imported(admin, town, THREE.replace("bob,Bob,yes", "bob,Bob,no"))
    assert waiting(town) == ["ann"]


def test_mode_none_leaves_the_new_users_unassigned_and_says_so(admin: Client):
    town = create_town()
    town.set_mode(Mode.NONE)
    job = imported(admin, town)
    assert town.counts == [0, 0, 0, 0, 3]
    said = import_handler.Import().words(job)
    assert said[-1][1].endswith("who are unassigned: 2.")


def test_more_than_a_cluster_holds_is_refused(admin: Client):
    town = create_town(ha=(False, False))
    town.add_many(74_999)
    assert "would have 75,002 users; at most 75,000" in html(upload(admin, town))


@pytest.mark.parametrize("steps", range(4))
def test_after_an_abort_at_any_point_another_worker_ends_it(admin: Client, monkeypatch, steps: int):
    monkeypatch.setattr(handlers, "BATCH", 2)
    town = create_town()
    upload(admin, town, "userid\n" + "".join(f"user{i}\n" for i in range(5)))
    job = confirm(admin)
    for _ in range(steps):
        job_step(job_id=job.pk, run="one", now=now())
    late = now() + services.STALE + timedelta(seconds=1)
    while not Job.objects.get().is_finished:
        job_step(job_id=job.pk, run="two", now=late)
    job.refresh_from_db()
    assert (job.state, job.result["assigned"], job.resumed) == (State.DONE, 5, min(steps, 1))
    assert town.counts == [2, 1, 1, 1, 0]


def test_75_000_users_are_staged_by_copy_and_written_by_two_statements(admin: Client):
    town = create_town(ha=(False, False))
    text = "userid,name\n" + "".join(f"user{i},User {i}\n" for i in range(75_000))
    with CaptureQueriesContext(connection) as staging:
        upload(admin, town, text)
    assert len(staging) < 40
    job = confirm(admin)
    with CaptureQueriesContext(connection) as applying:
        job_step(job_id=job.pk, run="one", now=now())
    written = [q["sql"].split()[:2] for q in applying if "users_presenceuser" in q["sql"]]
    assert written.count(["INSERT", "INTO"]) == 1
    assert PresenceUser.objects.count() == 75_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"cluster": "x"}, "Cluster: choose one of the list."),
        ({}, "File: choose a CSV file."),
        ({"file": "no file"}, "File: choose a CSV file."),
    ],
)
def test_what_is_missing_is_told(admin: Client, data: dict, said: str):
    response = admin.post(URL, {"cluster": create_town().cluster.pk, **data})
    assert response.status_code == 422
    assert said in html(response)


def test_a_file_that_is_too_large(admin: Client, monkeypatch):
    monkeypatch.setattr("prg_admin.users.import_views.MOST_BYTES", 10)
    assert "at most 10 are read" in html(upload(admin, create_town()))


def test_files_nobody_confirmed_are_forgotten(admin: Client):
    town = create_town()
    upload(admin, town)
    UserImport.objects.update(created_at=now() - timedelta(days=2))
    upload(admin, town)
    assert UserImport.objects.count() == 1
