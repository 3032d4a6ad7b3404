"""Assign Presence Users: find, choose, see the consequences, confirm; rebalance; one user."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prg_admin.accounts.models import Role
from prg_admin.domain.assignment import Mode
from prg_admin.domain.states import NodeState
from prg_admin.jobs.models import Job
from prg_admin.jobs.tasks import run
from prg_admin.users.models import PresenceUser
from tests.factories import create_user
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

URL = "/user-management/assign-presence-users/"
ASSIGN, REBALANCE = f"{URL}assign/", f"{URL}rebalance/"
MOST_QUERIES = 10


def html(response) -> str:
    return response.content.decode()


def found(admin: Client, **criteria: str) -> list[str]:
    response = admin.get(URL, criteria)
    return [row.user.userid for row in response.context["rows"]]


def keys(*userids: str) -> list[int]:
    return list(PresenceUser.objects.filter(userid__in=userids).values_list("pk", flat=True))


@pytest.fixture
def town(db) -> Town:
    """Ann on imp1, bob on imp3, carol on none."""
    town = create_town()
    town.add("ann", home=town.node(1), display_name="Ann Sample")
    town.add("bob", home=town.node(3))
    town.add("carol", is_licensed=True)
    return town


def test_the_list_says_who_is_where(admin: Client, town: Town):
    shown = html(admin.get(URL))
    for words in ("ann", "Ann Sample", town.node(1).name, "unassigned", "Assign All Users"):
        assert words in shown


@pytest.mark.parametrize(
    ("criterion", "names"),
    [
        (("userid", "begins-with", "AN"), ["ann"]),
        (("name", "contains", "sample"), ["ann"]),
        (("home", "is-empty", ""), ["carol", "dave"]),
        (("home", "begins-with", "imp3"), ["bob"]),
        (("group", "begins-with", "west"), ["bob"]),
        (("licensed", "is-exactly", "no"), ["dave"]),
    ],
)
def test_find(admin: Client, town: Town, criterion: tuple[str, str, str], names: list[str]):
    town.add("dave", is_licensed=False)
    field, operator, text = criterion
    assert found(admin, field=field, operator=operator, text=text) == names


def test_who_is_served_elsewhere_is_marked(admin: Client, town: Town):
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    for node, role in ((1, "idle"), (2, "both")):
        town.node(node).member.__class__.objects.filter(node=town.node(node)).update(ordered=role)
    rows = {row.user.userid: row for row in admin.get(URL).context["rows"]}
    assert (rows["ann"].served_by, rows["ann"].is_away) == (town.node(2).name, True)
    assert (rows["bob"].served_by, rows["bob"].is_away) == (town.node(3).name, False)


def test_75_000_users_cost_as_many_queries_as_ten(admin: Client, town: Town):
    costs = []
    for count in (10, 75_000):
        town.add_many(count, home=town.node(1) if count == 10 else None)
        with CaptureQueriesContext(connection) as queries:
            response = admin.get(URL, {"sort": "home", "text": "u"})
        costs.append(len(queries))
    assert costs[0] == costs[1] <= MOST_QUERIES
    assert len(response.context["rows"]) == 50


def test_the_list_as_a_file(admin: Client, town: Town):
    lines = b"".join(admin.get(URL, {"view": "csv"}).streaming_content).decode().splitlines()
    assert lines[1].startswith("ann,Ann Sample,")
    assert len(lines) == 4


# Assign Selected Users


def test_the_choice_offers_nodes_in_groups_unassigned_and_the_mode(admin: Client, town: Town):
    shown = html(admin.get(ASSIGN, {"user": keys("ann", "carol")}))
    for words in ("2 users of cluster", f"node-{town.node(4).pk}", "Balanced", "unassigned"):
        assert words in shown
    assert "Confirm" not in shown


def test_the_consequences_are_told_in_numbers_and_nothing_is_done(admin: Client, town: Town):
    to = f"node-{town.node(2).pk}"
    shown = html(admin.get(ASSIGN, {"user": keys("ann", "carol"), "to": to}))
    assert "2 users get another home node, or none." in shown
    assert 'data-changing="2"' in shown
    assert town.counts == [1, 0, 1, 0, 1]


def test_confirmed_it_is_done(admin: Client, town: Town):
    data = {"user": keys("ann", "carol"), "to": f"node-{town.node(2).pk}"}
    shown = html(admin.post(ASSIGN, data, follow=True))
    assert "2 users assigned." in shown
    assert town.counts == [0, 2, 1, 0, 0]


def test_unassigned(admin: Client, town: Town):
    admin.post(ASSIGN, {"user": keys("ann"), "to": "unassigned"})
    assert town.counts == [0, 0, 1, 0, 2]


def test_by_the_mode(admin: Client, town: Town):
    admin.post(ASSIGN, {"user": keys("ann", "carol"), "to": "mode"})
    assert town.counts == [1, 1, 1, 0, 0]


def test_what_is_refused_says_why_and_offers_no_button(admin: Client, town: Town):
    town.set_states(NodeState.FAILED_OVER, NodeState.BACKUP)
    data = {"user": keys("carol"), "to": f"node-{town.node(3).pk}"}
    shown = html(admin.get(ASSIGN, data))
    assert f"Node {town.node(1).name} is in state Failed Over. No users can be" in shown
    assert 'type="submit">' + "Assign" not in shown
    response = admin.post(ASSIGN, data)
    assert response.status_code == 422
    assert town.counts[-1] == 1


def test_a_survivor_that_could_not_serve_all_is_a_warning(admin: Client):
    town = create_town(ha=(True, False))
    town.add_many(20_000, home=town.node(1))
    town.add_many(7_299, home=town.node(2))
    town.add("late", home=town.node(3))
    shown = html(admin.get(ASSIGN, {"user": keys("late"), "to": f"node-{town.node(2).pk}"}))
    one, two = town.node(1).name, town.node(2).name
    assert f"If {one} fails, {two} would serve 27,300 of 25,000 users." in shown


def test_users_of_two_clusters_are_assigned_one_cluster_at_a_time(admin: Client, town: Town):
    other = create_town()
    other.add("zoe")
    data = {"user": keys("carol", "zoe"), "to": "mode"}
    shown = html(admin.get(ASSIGN, data))
    assert "in several clusters" in shown
    admin.post(ASSIGN, {**data, "cluster": str(other.cluster.pk)})
    assert (town.counts[-1], other.counts[-1]) == (1, 0)


def test_nobody_chosen(admin: Client, town: Town):
    for data in ({}, {"user": "x"}, {"user": "999999999"}):
        assert "No user is chosen" in html(admin.get(ASSIGN, data))
        assert admin.post(ASSIGN, data).status_code in (200, 422)


# Assign All Users, Rebalance


def test_all_found_are_assigned_by_a_job(admin: Client, town: Town):
    data = {"scope": "all", "field": "home", "operator": "is-empty", "text": "", "to": "mode"}
    assert "1 user of cluster" in html(admin.get(ASSIGN, data))
    response = admin.post(ASSIGN, data)
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert town.counts[-1] == 1
    run(job_id=job.pk)
    assert town.counts == [1, 1, 1, 0, 0]
    assert "1 user has another home node than before." in html(admin.get(f"/jobs/{job.pk}/"))


def test_the_list_hands_its_criteria_to_assign_all(admin: Client, town: Town):
    shown = html(admin.get(URL, {"field": "userid", "operator": "contains", "text": "ro"}))
    assert 'name="text" value="ro"' in shown


def test_the_rebalance_is_previewed_and_then_a_job(admin: Client):
    town = create_town(4)
    shown = html(admin.get(REBALANCE))
    assert "3 users get another home node" in shown
    assert '<td class="num">1</td>' in shown
    admin.post(REBALANCE, {"cluster": town.cluster.pk})
    run(job_id=Job.objects.get().pk)
    assert town.counts == [1, 1, 1, 1, 0]


def test_nothing_to_rebalance(admin: Client):
    town = create_town(1, 1, 1, 1)
    assert "nobody has to move" in html(admin.get(REBALANCE))
    assert admin.post(REBALANCE, {"cluster": town.cluster.pk}).status_code == 422
    assert not Job.objects.exists()


def test_none_has_nothing_to_rebalance_towards(admin: Client):
    town = create_town(3)
    town.set_mode(Mode.NONE)
    assert "it assigns nobody" in html(admin.get(REBALANCE))


def test_a_cluster_is_chosen_where_there_are_several(admin: Client):
    create_town(1)
    town = create_town(2)
    assert "Preview" not in html(admin.get(REBALANCE))
    assert "Preview for cluster" in html(admin.get(REBALANCE, {"cluster": town.cluster.pk}))


# One user


def test_who_serves_a_user_and_who_would(admin: Client, town: Town):
    shown = html(admin.get(f"{URL}users/{keys('ann')[0]}/"))
    one, two = town.node(1).name, town.node(2).name
    assert "Served by now" in shown
    row = shown[shown.index(f'<tr data-node="{one}"') :]
    assert two in row[: row.index("</tr>")]


def test_a_user_without_a_home(admin: Client, town: Town):
    shown = html(admin.get(f"{URL}users/{keys('carol')[0]}/"))
    assert "gets no service" in shown


def test_no_such_user(admin: Client):
    assert admin.get(f"{URL}users/1/").status_code == 404


def test_readers_look_and_change_nothing(client: Client, town: Town):
    client.force_login(create_user(role=Role.READ_ONLY))
    shown = html(client.get(URL))
    assert "ann" in shown
    assert "Assign Selected Users" not in shown
    assert client.post(ASSIGN, {"user": keys("ann"), "to": "unassigned"}).status_code == 403
    assert client.post(REBALANCE).status_code == 403
    assert town.counts == [1, 0, 1, 0, 1]
