"""kill -9 of the worker in the middle of an import or assignment, in a real process.

What the step had written is rolled back as a whole; another worker goes on from the last step, and
the job says so.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from prg_admin.jobs import services
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.selectors import general_words
from prg_admin.jobs.services import Progress, job_start, job_step, jobs_stale
from prg_admin.lib.actor import Actor
from prg_admin.users.handlers import ASSIGN, REBALANCE
from prg_admin.users.import_handler import IMPORT
from prg_admin.users.imports import import_stage
from tests.users.cluster import Town, create_town
from tests.users.workers import die_at

pytestmark = pytest.mark.django_db(transaction=True)

ALICE = Actor("alice")
IMPORTS = {
    "before anybody is added": ("INSERT INTO users_presenceuser", 0, [0, 0, 0, 0, 0]),
    "after all are added, before the commit": ("DELETE FROM", 0, [0, 0, 0, 0, 0]),
    "between import and assignment": ("between", 6, [0, 0, 0, 0, 6]),
    "in an assignment": ("UPDATE users_presenceuser AS u SET home_id", 6, [0, 0, 0, 0, 6]),
}


def go_on(job: Job) -> list[str]:
    """Another worker, once the sweep has found the job; what the job says of it."""
    late = now() + services.STALE + timedelta(seconds=1)
    assert jobs_stale(now=late) == [job.pk]
    while job_step(job_id=job.pk, run="second", now=late) is Progress.GOES_ON:
        pass
    job.refresh_from_db()
    assert job.state == State.DONE
    return [text for _tone, text in general_words(job)]


def start(kind: str, town: Town, **parameters: object) -> Job:
    named = {"cluster": town.cluster.pk, "cluster_name": town.cluster.name, **parameters}
    return job_start(kind=kind, parameters=named, total=6, actor=ALICE, now=now())


@pytest.mark.parametrize(("words", "done", "counts"), IMPORTS.values(), ids=IMPORTS)
def test_an_import(broker, words: str, done: int, counts: list[int]):
    town = create_town()
    content = "\n".join(["userid", *"abcdef"]).encode()
    staged = import_stage(
        cluster=town.cluster, file_name="u.csv", content=content, actor=ALICE, now=now()
    )
    job = start(IMPORT, town, **{"import": staged.pk, "file": "u.csv", "lines": 6})
    die_at(job.pk, words)
    job.refresh_from_db()
    assert (job.done, town.counts) == (done, counts)
    told = go_on(job)
    assert town.counts == [2, 2, 1, 1, 0]
    assert any("another one has gone on from 6 of 12" in text for text in told) == bool(done)


def test_an_assignment(broker):
    town = create_town(unassigned=6)
    job = start(ASSIGN, town, query="scope=all", way="mode", node="")
    die_at(job.pk, "between")
    assert town.counts == [1, 1, 0, 0, 4]
    told = go_on(job)
    assert town.counts == [2, 2, 1, 1, 0]
    assert any("another one has gone on from 2 of 6" in text for text in told)


@pytest.mark.parametrize(
    ("words", "counts"),
    [('INSERT INTO "audit_entry"', [6, 0, 0, 0, 0]), ("between", [4, 2, 0, 0, 0])],
    ids=["after the move, before the commit", "between two steps"],
)
def test_a_rebalance(broker, words: str, counts: list[int]):
    town = create_town(6)
    job = start(REBALANCE, town)
    die_at(job.pk, words)
    assert sum(town.counts) == 6
    assert sorted(town.counts) == sorted(counts)
    go_on(job)
    assert sorted(town.counts) == [0, 1, 1, 2, 2]
