"""Assigning all and rebalancing as jobs: in steps, from where it was, cancelled, refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from prg_admin.domain.states import NodeState
from prg_admin.jobs import services
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.selectors import job_row
from prg_admin.jobs.services import job_cancel, job_start, job_step
from prg_admin.lib.actor import Actor
from prg_admin.users import handlers
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

NOW = now()
STEP = timedelta(seconds=1)
LATER = NOW + 2 * services.STALE


@pytest.fixture(autouse=True)
def small_steps(monkeypatch) -> None:
    monkeypatch.setattr(handlers, "BATCH", 3)


def assign(town: Town, way: str = "mode", node: str = "", query: str = "scope=all") -> Job:
    parameters = {"cluster": town.cluster.pk, "cluster_name": town.cluster.name}
    asked = {**parameters, "query": query, "way": way, "node": node}
    return start(handlers.ASSIGN, asked, town)


def rebalance(town: Town) -> Job:
    asked = {"cluster": town.cluster.pk, "cluster_name": town.cluster.name}
    return start(handlers.REBALANCE, asked, town)


def start(kind: str, asked: dict, town: Town) -> Job:
    total = sum(town.counts)
    return job_start(kind=kind, parameters=asked, total=total, actor=Actor("alice"), now=NOW)


def step(job: Job, worker: str = "one", at=NOW) -> Job:
    job_step(job_id=job.pk, run=worker, now=at)
    job.refresh_from_db()
    return job


def finish(job: Job, worker: str = "one", at=NOW) -> Job:
    while not step(job, worker, at).is_finished:
        pass
    return job


def text(job: Job) -> str:
    return " ".join(text for _tone, text in job_row(job).words)


def test_all_are_assigned_by_the_mode():
    town = create_town(2, unassigned=8)
    job = finish(assign(town))
    assert (job.state, job.done, job.total) == (State.DONE, 10, 10)
    assert town.counts == [3, 3, 2, 2, 0]
    assert text(job) == "8 users have another home node than before."


def test_all_found_are_those_that_the_criteria_find():
    town = create_town(2, 2)
    home = town.node(1).name
    query = f"scope=all&field=home&operator=is-exactly&text={home}"
    finish(assign(town, "node", town.node(3).name, query))
    assert town.counts == [0, 2, 2, 0, 0]


def test_users_of_other_clusters_are_left_out():
    town, other = create_town(1), create_town(1)
    finish(assign(town, "unassigned"))
    assert other.counts[0] == 1


@pytest.mark.parametrize("steps", range(5))
def test_after_an_abort_at_any_point_another_worker_ends_it(steps: int):
    town = create_town(unassigned=10)
    job = assign(town)
    for _ in range(steps):
        step(job)
    finish(job, "two", LATER)
    assert (job.state, job.done, town.counts) == (State.DONE, 10, [3, 3, 2, 2, 0])
    assert job.result == {"assigned": 10, "queued": 0}
    assert job.resumed == (1 if steps > 0 else 0)


def test_cancelled_between_two_steps():
    town = create_town(unassigned=8)
    job = step(assign(town, "node", town.node(1).name))
    job_cancel(job_id=job.pk, now=NOW)
    finish(job)
    assert (job.state, town.counts) == (State.CANCELLED, [3, 0, 0, 0, 5])


def test_a_failover_in_the_middle_lets_the_rest_wait_and_is_told():
    town = create_town(unassigned=8)
    job = step(assign(town))
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    finish(job)
    assert (job.state, town.counts[-1]) == (State.DONE, 5)
    assert "3 users have another home node" in text(job)
    assert "5 users could not be assigned now and wait for the Sync Agent." in text(job)


def test_a_failover_in_the_middle_stops_the_way_to_a_node_and_is_told():
    town = create_town(unassigned=8)
    job = step(assign(town, "node", town.node(3).name))
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    finish(job)
    assert (job.state, town.counts[-1]) == (State.REFUSED, 5)
    assert f"Node {town.node(1).name} is in state Idle" in text(job)
    assert "3 users have another home node" in text(job)


def test_a_rebalance_moves_as_few_as_without_steps():
    town = create_town(10, unassigned=1)
    job = finish(rebalance(town))
    assert (job.state, job.result, town.counts) == (State.DONE, {"assigned": 7}, [3, 3, 2, 2, 1])


@pytest.mark.parametrize("kind", [assign, rebalance])
def test_a_cluster_that_is_gone(kind):
    town = create_town(1)
    job = kind(town)
    Job.objects.filter(pk=job.pk).update(parameters={**job.parameters, "cluster": 0})
    if kind is rebalance:
        assert finish(job).state == State.REFUSED
        assert "is not there any more" in text(job)
    else:
        assert finish(job).state == State.DONE


def test_titles():
    town = create_town()
    name = town.cluster.name
    assert job_row(assign(town)).title == f"Assign users of {name}: by the assignment mode"
    assert job_row(assign(town, "node", "imp1")).title == f"Assign users of {name}: imp1"
    assert job_row(assign(town, "unassigned")).title == f"Assign users of {name}: unassigned"
    assert job_row(rebalance(town)).title == f"Rebalance users of {name}"


@pytest.mark.parametrize("way", ["mode", "unassigned", "node"])
@pytest.mark.parametrize("column", ["userid", "name", "cluster", "home", "group", "licensed"])
@pytest.mark.parametrize("operator", ["contains", "is-empty", "is-not-empty"])
def test_every_criterion_can_choose_who_is_assigned(column: str, operator: str, way: str):
    town = create_town(2, unassigned=2)
    query = f"scope=all&field={column}&operator={operator}&text=e"
    assert finish(assign(town, way, town.node(1).name, query)).state == State.DONE
    assert sum(town.counts) == 4
