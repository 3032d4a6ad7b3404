"""Long work: in steps, with its progress, by one worker at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils.timezone import now

from prg_admin.jobs import registry, services
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.selectors import general_words
from prg_admin.jobs.services import Progress, job_cancel, job_start, job_step, jobs_stale
from prg_admin.jobs.tasks import run
from prg_admin.lib.actor import Actor
from prg_admin.topology.models import Cluster
from tests.jobs.counting import KIND, Counting
from tests.live.conftest import test_database_url as database_url

pytestmark = pytest.mark.django_db

NOW = now()
LATER = NOW + services.STALE + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def counting(monkeypatch) -> None:
    monkeypatch.setitem(registry._handlers, KIND, Counting())


def start(total: int = 3) -> Job:
    return job_start(kind=KIND, parameters={}, total=total, actor=Actor("alice"), now=NOW)


def step(job: Job, worker: str = "one", at=NOW) -> Progress:
    progress = job_step(job_id=job.pk, run=worker, now=at)
    job.refresh_from_db()
    return progress


def counted() -> list[str]:
    return list(Cluster.objects.order_by("name").values_list("name", flat=True))


def test_a_job_is_done_step_by_step():
    job = start()
    assert step(job) is Progress.GOES_ON
    assert (job.state, job.done, counted()) == (State.RUNNING, 1, ["c0"])
    step(job)
    assert step(job) is Progress.FINISHED
    assert (job.state, job.result, counted()) == (State.DONE, {"last": 2}, ["c0", "c1", "c2"])


def test_a_job_that_is_over_is_not_begun_again():
    job = start(1)
    step(job)
    assert step(job, "two", LATER) is Progress.ELSEWHERE
    assert counted() == ["c0"]


def test_while_one_worker_has_it_another_leaves_it_alone():
    job = start()
    step(job, "one")
    assert step(job, "two", NOW + timedelta(seconds=5)) is Progress.ELSEWHERE
    assert job.resumed == 0


def test_when_the_worker_is_gone_another_goes_on_and_says_so():
    job = start()
    step(job, "one")
    assert step(job, "two", LATER) is Progress.GOES_ON
    assert (job.resumed, job.resumed_done, job.done) == (1, 1, 2)
    assert "another one has gone on from 1 of 3" in general_words(job)[0][1]


def test_what_the_first_worker_still_wants_to_do_is_left_to_the_other():
    job = start()
    step(job, "one")
    step(job, "two", LATER)
    assert step(job, "one", LATER) is Progress.ELSEWHERE


def test_a_job_that_kills_every_worker_is_given_up():
    job = start(50)
    for number in range(services.MOST_RESUMED + 2):
        step(job, f"worker {number}", NOW + 2 * number * services.STALE)
    assert job.state == State.FAILED


def test_a_step_that_fails_leaves_nothing_of_itself(monkeypatch):
    def fails(number: int) -> None:
        if number == 1:
            raise ValueError

    monkeypatch.setitem(registry._handlers, KIND, Counting(fails))
    job = start()
    step(job)
    assert step(job) is Progress.FINISHED
    assert (job.state, job.done, counted()) == (State.FAILED, 1, ["c0"])
    assert "after 1 of 3" in general_words(job)[0][1]


def test_a_database_that_goes_away_ends_no_job(monkeypatch):
    def fails(_number: int) -> None:
        raise OperationalError

    monkeypatch.setitem(registry._handlers, KIND, Counting(fails))
    job = start()
    with pytest.raises(OperationalError):
        job_step(job_id=job.pk, run="one", now=NOW)
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert jobs_stale(now=LATER) == [job.pk]


def test_a_kind_of_another_release_is_refused():
    job = job_start(kind="gone", parameters={}, total=1, actor=Actor("alice"), now=NOW)
    step(job)
    assert job.state == State.REFUSED


def test_a_waiting_job_is_cancelled_at_once():
    job = start()
    assert job_cancel(job_id=job.pk, now=NOW)
    assert step(job) is Progress.ELSEWHERE
    assert (job.state, counted()) == (State.CANCELLED, [])


def test_a_running_job_is_cancelled_between_two_steps():
    job = start()
    step(job)
    job_cancel(job_id=job.pk, now=NOW)
    assert step(job) is Progress.FINISHED
    assert (job.state, counted()) == (State.CANCELLED, ["c0"])
    assert not job_cancel(job_id=job.pk, now=NOW)


def test_a_job_that_must_not_stop_is_not_cancelled(monkeypatch):
    monkeypatch.setattr(Counting, "can_cancel", False)
    assert not job_cancel(job_id=start().pk, now=NOW)


def test_the_task_runs_all_steps():
    job = start(5)
    run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, len(counted())) == (State.DONE, 5)


def test_the_sweep_finds_what_nobody_works_on():
    waiting, running, over = start(), start(), start(1)
    step(over)
    assert jobs_stale(now=NOW) == []
    assert sorted(jobs_stale(now=LATER)) == [waiting.pk, running.pk]


def test_old_jobs_go():
    job = start(1)
    step(job)
    assert services.jobs_prune(now=NOW + timedelta(days=29)) == 0
    assert services.jobs_prune(now=NOW + timedelta(days=31)) == 1


KILLS = {"in the first step": (0, -1, 0), "in a later step": (1, -1, 1), "between": (-1, 0, 1)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("in_step", "after_step", "done"), KILLS.values(), ids=KILLS)
def test_a_worker_killed_at_any_point_leaves_a_whole_job(in_step, after_step, done):
    """A real process, killed with -9, on the real database."""
    job = start()
    killed = subprocess.run(
        [sys.executable, "-m", "tests.jobs.counting", *map(str, (job.pk, in_step, after_step))],
        env=os.environ
        | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "prg_admin.settings"},
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL
    job.refresh_from_db()
    assert (job.done, len(counted())) == (done, done)

    late = now() + services.STALE + timedelta(seconds=1)
    while step(job, "two", late) is Progress.GOES_ON:
        pass
    assert (job.state, counted()) == (State.DONE, ["c0", "c1", "c2"])
    assert job.resumed == (1 if done else 0)
