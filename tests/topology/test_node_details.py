"""Node Details: the node's status, and the tests that run when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from prg_admin.domain import catalogue
from prg_admin.domain.checkups import Checkup
from prg_admin.domain.states import NodeState
from prg_admin.domain.wire import PeerReport, Report
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology import diagnosis
from prg_admin.topology.agents import AgentError, Answer, Target
from prg_admin.topology.asking import Examined
from prg_admin.topology.models import Node
from tests.factories import create_group, create_node, create_pair, create_report

NORMAL = (NodeState.NORMAL, NodeState.NORMAL)


class Network:
    """What nodes say when they are asked now."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.ahead_s = 0.1

    def probe(self, targets: Sequence[Target]) -> list[Answer]:
        found = [self.reports.get(t.name) for t in targets]
        return [Answer(r, "" if r else "refused", 1.0 if r else None) for r in found]

    def examine(self, target: Target) -> Examined:
        if target.name not in self.reports:
            raise AgentError("refused")
        until = now() + timedelta(days=900)
        return Examined(Checkup(target.name, "b", 0.0, 10**11), self.ahead_s, target.name, until)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network()
    monkeypatch.setattr(diagnosis, "agent_client", lambda: made)
    monkeypatch.setattr(diagnosis, "examine", made.examine)
    return made


@pytest.fixture
def pair(db: None, network: Network) -> tuple[Node, Node]:
    first, second = create_pair()
    create_group("East", members=[first, second], states=NORMAL)
    for one, other in ((first, second), (second, first)):
        peer = PeerReport(other.name, 0.1, 0.5, "", (other.name,))
        network.reports[one.name] = create_report(one.name, peer=peer)
    return first, second


def details(admin: Client, node: Node, **more: Any) -> str:
    return admin.get(f"/system/servers/{node.pk}/details/", more).content.decode()


def outcome(html: str, test: str) -> str:
    return html.split(f'data-test="{test}" data-outcome="')[1].split('"', maxsplit=1)[0]


def row(html: str, test: str) -> str:
    return html.split(f'data-test="{test}"')[1].split("</tr>", maxsplit=1)[0]


def test_the_page_asks_nobody_until_the_tests_are_wanted(admin: Client, pair: Any, network: Any):
    network.reports.clear()

    html = details(admin, pair[0])

    assert "Node Status" in html
    assert "Cisco XCP Router" in html
    assert 'hx-trigger="load"' in html
    assert "data-test=" not in html


def test_the_tests_run_now(admin: Client, pair: tuple[Node, Node]):
    html = details(admin, pair[0], run="1")

    assert 'data-failed="0"' in html
    assert outcome(html, "agent") == "passed"
    assert outcome(html, "heard-by-peer") == "passed"
    assert outcome(html, "certificate") == "passed"
    assert outcome(html, "database") == "unknown"


def test_the_fragment_is_the_tests_alone(admin: Client, pair: tuple[Node, Node]):
    headers = {"HX-Request": "true"}
    url = f"/system/servers/{pair[0].pk}/details/?fragment=self-tests"

    html = admin.get(url, headers=headers).content.decode()

    assert outcome(html, "agent") == "passed"
    assert "<h1" not in html
    assert "Node Status" not in html


def test_a_problem_comes_with_its_solution_and_the_way_to_fix_it(
    admin: Client, pair: tuple[Node, Node], network: Network
):
    name = pair[0].name
    network.reports[name] = create_report(name, down=["Cisco SIP Proxy"])

    services = row(details(admin, pair[0], run="1"), "services")

    assert "Not running: Cisco SIP Proxy." in services
    assert "Start them in the Control Center" in services
    assert (
        f'href="/serviceability/control-center/network-services/?server={pair[0].pk}"' in services
    )


def test_a_silent_node_is_told_and_what_needs_it_is_not_run(
    admin: Client, pair: tuple[Node, Node], network: Network
):
    del network.reports[pair[0].name]

    html = details(admin, pair[0], run="1")

    assert "The agent does not answer: refused." in html
    assert outcome(html, "agent") == "failed"
    assert outcome(html, "clock") == "unknown"


def test_a_clock_that_differs_and_other_versions_are_found(
    admin: Client, pair: tuple[Node, Node], network: Network
):
    network.ahead_s = 3.0
    create_node("old", cluster=pair[0].cluster, version="14.0.1")

    html = details(admin, pair[0], run="1")

    assert outcome(html, "clock") == "warning"
    assert outcome(html, "version") == "failed"
    assert "old 14.0.1" in html


def test_re_login_limits_are_compared(admin: Client, pair: tuple[Node, Node]):
    ParameterValue.objects.create(
        cluster=pair[0].cluster,
        node=pair[1],
        service=catalogue.SRM,
        name=catalogue.RE_LOGIN_UPPER,
        value="620",
    )

    html = details(admin, pair[0], run="1")

    assert outcome(html, "re-login") == "failed"
    assert "120-620 s" in html


def test_a_peer_that_does_not_hear_the_node_is_found(
    admin: Client, pair: tuple[Node, Node], network: Network
):
    first, second = pair
    silent = PeerReport(first.name, 9.0, None, "timeout", ())
    network.reports[second.name] = replace(network.reports[second.name], peer=silent)

    html = details(admin, first, run="1")

    assert outcome(html, "heard-by-peer") == "failed"
    assert outcome(html, "hears-peer") == "passed"


def test_a_node_in_no_group(admin: Client, network: Network):
    node = create_node("imp9")
    network.reports["imp9"] = create_report("imp9")

    html = details(admin, node, run="1")

    assert outcome(html, "group") == "failed"
    assert outcome(html, "re-login") == "unknown"


def test_the_server_page_leads_to_the_details(admin: Client):
    node = create_node("imp1")

    html = admin.get(f"/system/servers/{node.pk}/").content.decode()

    assert "IM and Presence Server Information" in html
    assert f'<a href="/system/servers/{node.pk}/details/">Presence Server Status</a>' in html


def test_what_keeps_a_server_from_being_deleted_is_told_first(admin: Client):
    node = create_node("imp1", users=1)
    create_group("Tokyo", members=[node])

    html = admin.get(f"/system/servers/{node.pk}/delete/").content.decode()

    assert "This action cannot be undone. Continue?" in html
    assert "imp1 is in the group Tokyo" in html
    assert "imp1 has 1 assigned user" in html


def test_in_short_only_what_did_not_pass_is_listed(admin: Client, pair, network: Network):
    headers = {"HX-Request": "true", "HX-Target": "anything"}
    address = f"/system/servers/{pair[0].pk}/details/"
    network.ahead_s = 900.0
    html = admin.get(address, {"fragment": "self-tests-in-short"}, headers=headers).content.decode()
    assert outcome(html, "clock") == "failed"
    assert 'data-outcome="passed"' not in html
    assert "0 with a warning, 1 failed" in html
    assert "<html" not in html
