"""The task flow: six steps, each judged by how the cluster stands now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from prg_admin.accounts.models import Role
from prg_admin.console.task_flow import cluster_facts
from prg_admin.console.task_flow_steps import Mark, Step, next_step, steps
from prg_admin.domain import catalogue
from prg_admin.domain.checkups import LinkCount
from prg_admin.domain.states import CRITICAL_SERVICES, NodeState, ServiceState
from prg_admin.domain.states import Role as NodeRole
from prg_admin.domain.wire import DatabaseReport, PeerReport, Report
from prg_admin.lib.clock import steady_now
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology import links
from prg_admin.topology.agents import AgentError
from prg_admin.topology.models import Cluster, LinkMeasure, Node
from prg_admin.users.models import PresenceUser
from tests.factories import (
    create_cluster,
    create_group,
    create_node,
    create_report,
    create_user,
    never_heard,
    service_report,
)

PAGE = "/task-flow/"
NORMAL = (NodeState.NORMAL, NodeState.NORMAL)
GOOD = DatabaseReport(answers=True, down_s=None, replication=2, detail="equal: 3")


def said(name: str, **changes: Any) -> Report:
    return create_report(name, database=changes.pop("database", GOOD), **changes)


def keep(node: Node, report: Report) -> None:
    stored = node.last_report
    stored.document = report.to_json()
    stored.save(update_fields=["document"])


@pytest.fixture
def cluster(db: None) -> Cluster:
    """A pair that is set up: replicated, running, Normal."""
    cluster = create_cluster("tokyo")
    nodes = [
        create_node(n, cluster=cluster, report=said(n), publisher="imp1") for n in ("imp1", "imp2")
    ]
    create_group("East", members=nodes, states=NORMAL)
    return cluster


def alice(client: Client, role: Role = Role.ADMINISTRATOR) -> Client:
    client.force_login(create_user(role=role))
    return client


def judged(cluster: Cluster) -> list[Step]:
    return steps(cluster_facts(cluster, now=steady_now()))


def texts(step: Step) -> str:
    return " ".join(check.text for check in step.checks)


def test_a_cluster_that_is_set_up_has_nothing_left_to_do(cluster: Cluster):
    found = judged(cluster)

    assert [step.mark for step in found] == [Mark.DONE] * 6
    assert next_step(found) is None


def test_the_steps_are_the_six_of_the_guide_in_their_order(cluster: Cluster):
    assert [step.number for step in judged(cluster)] == [1, 2, 3, 4, 5, 6]
    assert [step.number for step in judged(cluster) if step.optional] == [4, 5, 6]


@pytest.mark.parametrize(
    ("changes", "number", "words"),
    [
        ({"database": replace(GOOD, replication=3, detail="different")}, 1, "imp1 is 3, and 2"),
        (
            {"database": replace(GOOD, replication=None, detail="unreadable: x")},
            1,
            "cannot be read",
        ),
        ({"down": ["Cisco SIP Proxy"]}, 2, "not running on imp1: Cisco SIP Proxy"),
    ],
)
def test_what_is_not_ready_says_why_not_yet(
    cluster: Cluster, changes: dict[str, Any], number: int, words: str
):
    keep(cluster.nodes.get(name="imp1"), said("imp1", **changes))

    found = judged(cluster)
    step = found[number - 1]
    assert step.mark is Mark.OPEN
    assert words in texts(step)
    assert "Not yet" in texts(step)
    assert next_step(found) is step


def test_a_deactivated_critical_service_leads_to_its_activation(cluster: Cluster):
    proxy = service_report("Cisco SIP Proxy", ServiceState.STOPPED, activated=False)
    node = cluster.nodes.get(name="imp1")
    keep(node, said("imp1", services=(proxy,)))

    (check, _other) = judged(cluster)[1].checks

    assert "not activated on imp1: Cisco SIP Proxy" in check.text
    assert check.link == f"/serviceability/service-activation/?server={node.pk}"


def test_an_idle_node_only_wants_to_be_looked_at(cluster: Cluster):
    idle = said("imp1", role=NodeRole.IDLE, serving=[], down=CRITICAL_SERVICES)
    keep(cluster.nodes.get(name="imp1"), idle)

    assert judged(cluster)[1].mark is Mark.ATTENTION


def test_a_node_that_does_not_answer_holds_up_both_checks(cluster: Cluster):
    stored = cluster.nodes.get(name="imp2").last_report
    stored.reachable, stored.error = False, "refused"
    stored.save(update_fields=["reachable", "error"])

    found = judged(cluster)

    assert "imp2 does not answer (refused)" in texts(found[0])
    assert found[1].mark is Mark.OPEN


def test_a_node_without_a_database_is_to_be_looked_at(cluster: Cluster):
    keep(cluster.nodes.get(name="imp1"), said("imp1", database=None))

    assert judged(cluster)[0].mark is Mark.ATTENTION


def test_nodes_in_no_group_and_other_versions_are_told(cluster: Cluster):
    create_node("imp3", cluster=cluster, report=said("imp3", version="14.0"), version="14.0")
    never_heard("imp4", cluster=cluster)

    step = judged(cluster)[2]

    assert step.mark is Mark.OPEN
    assert "in no group: imp3, imp4" in texts(step)
    assert "different versions: 14.0, 15.0.1" in texts(step)


def test_a_group_without_high_availability_says_whether_it_is_ready(cluster: Cluster):
    group = cluster.groups.get()
    group.ha_enabled = False
    group.save(update_fields=["ha_enabled"])
    group.members.update(state=NodeState.UNKNOWN)
    assert "both nodes are ready for it" in texts(judged(cluster)[4])

    keep(cluster.nodes.get(name="imp1"), said("imp1", down=["Cisco SIP Proxy"]))
    step = judged(cluster)[4]
    assert "it is not ready: Not running on imp1: Cisco SIP Proxy." in texts(step)
    assert step.mark is Mark.OPEN


def test_a_failed_over_group_is_to_be_looked_at(cluster: Cluster):
    cluster.groups.get().members.filter(position=1).update(state=NodeState.FAILED_OVER)

    step = judged(cluster)[4]
    assert step.mark is Mark.ATTENTION
    assert "Failed Over / Normal" in texts(step)


def test_intervals_that_are_not_as_suggested_are_told(cluster: Cluster):
    ParameterValue.objects.create(
        cluster=cluster, service=catalogue.SRM, name=catalogue.HEART_BEAT_INTERVAL, value="5"
    )

    step = judged(cluster)[3]
    assert step.mark is Mark.ATTENTION
    assert "Heart Beat Interval: 5 seconds; suggested: 60 seconds." in texts(step)
    assert step.is_done


def test_no_assignment_and_unassigned_users_are_told(cluster: Cluster):
    ParameterValue.objects.create(
        cluster=cluster,
        service=catalogue.ENTERPRISE,
        name=catalogue.USER_ASSIGNMENT_MODE,
        value=catalogue.NO_ASSIGNMENT,
    )
    PresenceUser.objects.create(cluster=cluster, userid="lost")

    step = judged(cluster)[5]
    assert step.mark is Mark.ATTENTION
    assert "assigns nobody" in texts(step)
    assert "without service: 1." in texts(step)


def test_an_empty_cluster_begins_with_its_first_step(client: Client, db: None):
    html = alice(client).get(PAGE, {"cluster": create_cluster().pk}).content.decode()

    assert "the cluster has no node" in html
    assert 'data-done="' in html
    assert "There is no second node" in html


def test_without_any_cluster_the_page_says_so(client: Client, db: None):
    assert "There is no cluster yet" in alice(client).get(PAGE).content.decode()


@pytest.mark.parametrize("wanted", ["x", "9" * 400, "0", "<b>"])
def test_a_cluster_that_is_not_there_is_a_sentence(client: Client, cluster: Cluster, wanted: str):
    answer = alice(client).get(PAGE, {"cluster": wanted})

    assert answer.status_code == 404
    assert "There is no cluster" in answer.content.decode()


def test_the_page_shows_the_steps_and_the_next_one(client: Client, cluster: Cluster):
    keep(cluster.nodes.get(name="imp1"), said("imp1", down=["Cisco SIP Proxy"]))

    html = alice(client).get(PAGE).content.decode()

    assert html.count("data-step=") == 6
    assert 'href="#step-2"' in html
    assert html.count('aria-current="step"') == 1
    assert "5 of 6 steps done" in html


def test_the_live_part_is_the_flow_alone(client: Client, cluster: Cluster):
    headers = {"HX-Request": "true", "HX-Target": "task-flow"}

    html = alice(client).get(PAGE, headers=headers).content.decode()

    assert html.count("data-step=") == 6
    assert "<h1" not in html


def more_pairs(cluster: Cluster, count: int) -> None:
    for number in range(count):
        names = (f"more{number}a", f"more{number}b")
        nodes = [
            create_node(n, cluster=cluster, report=said(n), publisher="imp1", users=2)
            for n in names
        ]
        create_group(f"More{number}", members=nodes, ha_enabled=number % 2 == 0)


@pytest.mark.parametrize("pairs", [0, 5])
def test_the_number_of_queries_does_not_grow(
    client: Client,
    cluster: Cluster,
    pairs: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
):
    more_pairs(cluster, pairs)
    browser = alice(client)
    browser.get(PAGE)

    with django_assert_max_num_queries(15):
        browser.get(PAGE)


# The links between the nodes.


def link(cluster: Cluster) -> Any:
    (found,) = cluster_facts(cluster, now=steady_now()).links
    return found


def test_the_round_trip_is_that_of_the_heartbeat(cluster: Cluster):
    assert link(cluster).rtt_ms is None
    peer = PeerReport("imp2", 0.1, 81.5, "", ("imp2",))
    keep(cluster.nodes.get(name="imp1"), said("imp1", peer=peer))

    assert (link(cluster).rtt_ms, link(cluster).by_heartbeat) == (81.5, True)
    assert link(cluster).is_enough is False


def test_every_pair_and_the_publisher_with_everybody_are_links(cluster: Cluster):
    more_pairs(cluster, 1)

    found = {(s.source.name, s.target.name) for s in cluster_facts(cluster, now=steady_now()).links}
    assert found == {("imp1", "imp2"), ("more0a", "more0b"), ("imp1", "more0a"), ("imp1", "more0b")}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Tasks that were sent."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(links, "enqueue", lambda name, **kwargs: found.append(kwargs))
    return found


def measure(client: Client, cluster: Cluster) -> str:
    answer = client.post(f"{PAGE}measure/", {"cluster": cluster.pk}, follow=True)
    return str(answer.content.decode())


def test_a_measure_is_asked_for_and_kept(
    client: Client, cluster: Cluster, sent: list, monkeypatch: pytest.MonkeyPatch
):
    browser = alice(client)
    html = measure(browser, cluster)
    assert "1 link is being measured." in html
    assert "being measured</span>" in html
    assert "already" in measure(browser, cluster)
    (task,) = sent

    count = LinkCount(2_000_000, 1_500_000, 1.0, 2.5)
    monkeypatch.setattr(links, "measure_link", lambda source, to: count)
    links.next_link_measure(pairs=links.as_pairs(task["pairs"]), now=steady_now())

    measured = LinkMeasure.objects.get()
    assert (measured.mbps, measured.rtt_ms, measured.error) == (12.0, 2.5, "")
    assert link(cluster).is_enough is True
    assert "12.0 Mbps" in browser.get(PAGE).content.decode()
    assert len(sent) == 1


def test_one_link_is_measured_after_the_other(
    cluster: Cluster, sent: list, monkeypatch: pytest.MonkeyPatch
):
    more_pairs(cluster, 1)
    asked: list[tuple[str, str]] = []

    def measured(source: Any, to: Any) -> LinkCount:
        asked.append((source.name, to.name))
        return LinkCount(1, 1, 1.0, 1.0)

    monkeypatch.setattr(links, "measure_link", measured)
    nodes = list(cluster.nodes.select_related("last_report", "member__group"))
    links.links_measure(cluster=cluster, nodes=nodes, now=steady_now())
    for task in sent:
        links.next_link_measure(pairs=links.as_pairs(task["pairs"]), now=steady_now())

    assert len(asked) == len(set(asked)) == 4
    assert not cluster_facts(cluster, now=steady_now()).is_measuring


def test_a_measure_that_fails_keeps_the_last_value_and_says_why(
    client: Client, cluster: Cluster, sent: list, monkeypatch: pytest.MonkeyPatch
):
    a, b = cluster.nodes.order_by("name")
    LinkMeasure.objects.create(source=a, target=b, asked_at=steady_now(), mbps=50.0, rtt_ms=1.0)

    def failing(source: Any, to: Any) -> LinkCount:
        raise AgentError("link-failed", "timeout")

    monkeypatch.setattr(links, "measure_link", failing)
    links.next_link_measure(pairs=[(a.pk, b.pk)], now=steady_now())

    html = alice(client).get(PAGE).content.decode()
    assert "failed: no answer in time" in html
    assert "50.0 Mbps" in html


def test_a_measure_that_got_lost_may_be_asked_for_again(cluster: Cluster, sent: list):
    a, b = cluster.nodes.order_by("name")
    long_ago = steady_now() - timedelta(minutes=5)
    LinkMeasure.objects.create(source=a, target=b, asked_at=long_ago)
    nodes = list(cluster.nodes.select_related("last_report", "member__group"))

    assert links.links_measure(cluster=cluster, nodes=nodes, now=steady_now()) == 1


def test_a_link_whose_node_is_gone_is_passed_over(cluster: Cluster, sent: list):
    links.next_link_measure(pairs=[(0, 999999), (1, 2)], now=steady_now())

    assert sent == [{"countdown": 2.5, "pairs": [[1, 2]]}]


def test_readers_see_the_links_and_have_nothing_measured(
    client: Client, cluster: Cluster, sent: list
):
    browser = alice(client, Role.READ_ONLY)

    assert "Measure now" not in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}measure/", {"cluster": cluster.pk}).status_code == 403
    assert sent == []


def test_measuring_needs_a_cluster_and_a_post(client: Client, cluster: Cluster, sent: list):
    browser = alice(client)

    assert browser.post(f"{PAGE}measure/").status_code == 404
    assert browser.post(f"{PAGE}measure/", {"cluster": "x"}).status_code == 404
    assert browser.get(f"{PAGE}measure/").status_code == 405
    assert sent == []
