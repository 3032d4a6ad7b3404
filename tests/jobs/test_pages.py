"""The pages of long work."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from prg_admin.accounts.models import Role
from prg_admin.jobs import registry
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.services import job_start, job_step
from prg_admin.lib.actor import Actor
from tests.factories import create_user
from tests.jobs.counting import KIND, Counting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def counting(monkeypatch) -> None:
    monkeypatch.setitem(registry._handlers, KIND, Counting())


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(create_user("alice"))
    return client


def start(total: int = 3, actor: str = "alice") -> Job:
    return job_start(kind=KIND, parameters={}, total=total, actor=Actor(actor), now=now())


def page(admin: Client, job: Job, **headers: str) -> str:
    return admin.get(f"/jobs/{job.pk}/", headers=headers).content.decode()


def test_a_job_shows_its_progress_and_can_be_cancelled(admin: Client):
    job = start()
    job_step(job_id=job.pk, run="one", now=now())
    html = page(admin, job)
    for words in ("Counting", "1 of 3", 'value="1" max="3"', "Cancel Job", f"job-{job.pk}"):
        assert words in html


def test_its_live_part_is_the_progress_alone(admin: Client):
    html = page(admin, start(), **{"HX-Request": "true", "HX-Target": "job-progress"})
    assert "<html" not in html
    assert "0 of 3" in html


def test_what_came_of_it_stays_to_be_read(admin: Client):
    job = start(1)
    job_step(job_id=job.pk, run="one", now=now())
    html = page(admin, job)
    assert "Counted to 1." in html
    assert "Cancel Job" not in html


def test_cancel(admin: Client):
    job = start()
    answer = admin.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert "Cancelled after 0 of 3" in answer.content.decode()
    assert Job.objects.get().state == State.CANCELLED
    again = admin.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert "The job is over already" in again.content.decode()


def test_readers_see_and_cancel_nothing(client: Client):
    client.force_login(create_user(role=Role.READ_ONLY))
    job = start()
    assert "Cancel Job" not in page(client, job)
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 403


def test_a_job_that_does_not_exist(admin: Client):
    assert admin.get("/jobs/1/").status_code == 404
    assert admin.post("/jobs/1/cancel/").status_code == 404


def test_the_list_has_them_all_with_as_many_queries(admin: Client):
    costs = []
    for _ in range(2):
        for _ in range(5):
            start()
        with CaptureQueriesContext(connection) as queries:
            html = admin.get("/jobs/").content.decode()
        costs.append(len(queries))
    assert html.count("/jobs/") >= 10
    assert costs[0] == costs[1]


def test_the_list_as_a_file(admin: Client):
    start()
    lines = b"".join(admin.get("/jobs/?view=csv").streaming_content).decode().splitlines()
    assert "Counting,Waiting,0 / 3" in lines[1]


def test_ones_own_running_jobs_are_on_the_home_page(admin: Client):
    start(actor="bob")
    assert "Your running jobs" not in admin.get("/").content.decode()
    job = start()
    html = admin.get("/").content.decode()
    assert f'href="/jobs/{job.pk}/"' in html
    assert "0 of 3" in html
