"""Control Center: what a node's services do, and Start, Stop and Restart of one of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from prg_admin.accounts.models import Role
from prg_admin.audit.models import Entry
from prg_admin.domain import catalogue
from prg_admin.domain.services import SRM_SERVICE, ServiceKind, services_of
from prg_admin.domain.states import CRITICAL_SERVICES, NodeState, ServiceState
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology import services
from prg_admin.topology.agents import AgentError
from prg_admin.topology.models import Node
from tests.factories import (
    create_group,
    create_node,
    create_pair,
    create_report,
    create_user,
    never_heard,
    service_report,
)

NETWORK = "/serviceability/control-center/network-services/"
FEATURE = "/serviceability/control-center/feature-services/"
ROUTER = "Cisco XCP Router"
PROXY = "Cisco SIP Proxy"


def page(admin: Client, kind: str, node: Node, **more: Any) -> str:
    return admin.get(kind, {"server": node.pk, **more}).content.decode()


def row(html: str, service: str) -> str:
    return html.split(f'<tr data-service="{service}"')[1].split("</tr>", maxsplit=1)[0]


def control(node: Node) -> str:
    return reverse("topology:service-control", args=[node.pk])


@pytest.fixture
def controlled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What an agent was asked to do."""
    asked: list[tuple[str, str, str]] = []

    class Agents:
        def service_control(self, target, service: str, action: str) -> None:
            asked.append((target.name, service, action))

    monkeypatch.setattr(services, "agent_client", Agents)
    return asked


@pytest.mark.parametrize(("address", "kind"), [(NETWORK, "network"), (FEATURE, "feature")])
def test_every_service_of_the_catalogue_is_listed(admin: Client, address: str, kind: str):
    html = page(admin, address, create_node("imp1"))

    for service in services_of(ServiceKind(kind)):
        assert f'data-service="{service.name}"' in html
    assert "Not installed on this node" in html


def test_a_service_shows_state_start_time_and_up_time(admin: Client):
    half = create_report("imp1", down=["Cisco Sync Agent"])
    html = page(admin, NETWORK, create_node("imp1", report=half))

    router, sync = row(html, ROUTER), row(html, "Cisco Sync Agent")
    assert "Started" in router
    assert "<time" in router
    assert "1 min" in router
    assert "Stopped" in sync
    assert "<time" not in sync


def test_the_agent_itself_is_shown_and_has_no_button(admin: Client):
    html = page(admin, NETWORK, create_node("imp1"))

    agent = row(html, SRM_SERVICE)
    assert "Started" in agent
    assert 'type="radio"' not in agent
    assert html.count('type="radio"') == 3


def test_a_service_that_is_not_activated_says_so(admin: Client):
    report = create_report("imp1")
    rest = tuple(s for s in report.services if s.name != PROXY)
    off = service_report(PROXY, ServiceState.STOPPED, activated=False)
    html = page(
        admin, FEATURE, create_node("imp1", report=create_report("imp1", services=(*rest, off)))
    )

    assert "Service Not Activated" in row(html, PROXY)
    assert 'type="radio"' not in row(html, PROXY)
    assert "Activated" in row(html, "Cisco Presence Engine")


def test_a_node_that_does_not_answer_is_told_and_the_page_still_shows(admin: Client):
    html = page(admin, NETWORK, create_node("imp1", reachable=False, error="timeout"))

    assert "imp1 cannot be reached: it did not answer in time." in html
    assert "Unknown" in row(html, ROUTER)
    assert 'value="stop"' not in html
    assert "never heard" in page(admin, NETWORK, never_heard("imp2"))


def test_services_of_the_nodes_own_stand_in_a_group_of_their_own(admin: Client):
    own = (*create_report("imp1").services, service_report("Our own service"))
    node = create_node("imp1", report=create_report("imp1", services=own))

    assert "Other Services" in page(admin, NETWORK, node)
    assert "Other Services" not in page(admin, FEATURE, node)


@pytest.mark.parametrize("server", ["999999", "x", "9" * 5000, "-1", "１", "<b>"])
def test_a_server_that_is_not_there_is_a_sentence(admin: Client, server: str):
    response = admin.get(NETWORK, {"server": server})

    assert response.status_code == 404
    assert "There is no server" in response.content.decode()


@pytest.mark.parametrize("count", [1, 15])
def test_the_number_of_queries_does_not_grow(
    admin: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
):
    nodes = [create_node() for _ in range(count)]
    page(admin, NETWORK, nodes[0])

    with django_assert_max_num_queries(8):
        page(admin, NETWORK, nodes[0])


def test_the_live_part_is_the_table_alone_and_what_is_chosen_stays(admin: Client):
    node = create_node("imp1")
    headers = {"HX-Request": "true", "HX-Target": "service-table"}

    html = admin.get(NETWORK, {"server": node.pk}, headers=headers).content.decode()

    assert "<h1" not in html
    assert html.count('hx-preserve="true"') == html.count('type="radio"') == 3


def test_a_service_is_started_at_once(admin: Client, controlled: list):
    node = create_group(ha_enabled=True).members.first().node

    html = admin.post(control(node), {"service": ROUTER, "action": "start"}, follow=True)

    assert controlled == [(node.name, ROUTER, "start")]
    assert f"{node.name} starts {ROUTER}" in html.content.decode()


@pytest.mark.parametrize("action", ["stop", "restart"])
def test_what_ends_a_service_is_asked_first(admin: Client, controlled: list, action: str):
    node = create_node("imp1")
    data = {"service": ROUTER, "action": action}

    asked = admin.post(control(node), data).content.decode()
    assert f"{ROUTER} on imp1?" in asked
    assert controlled == []

    admin.post(control(node), {**data, "confirmed": "yes"})
    assert controlled == [("imp1", ROUTER, action)]


def stopping(admin: Client, node: Node, service: str = ROUTER) -> str:
    return admin.post(control(node), {"service": service, "action": "stop"}).content.decode()


def test_a_failover_is_foretold_with_delay_and_users(admin: Client):
    first, second = create_pair(users=7)
    create_group("Tokyo", members=[first, second], ha_enabled=True)
    ParameterValue.objects.create(
        cluster=first.cluster, service=catalogue.SRM, name="CriticalServiceDelay", value="30"
    )

    html = stopping(admin, first)

    assert "High Availability of group Tokyo is on" in html
    assert "Critical Service Delay (30 s)" in html
    assert f"7 users of {first.name} are moved to {second.name}" in html


def test_multiple_device_messaging_doubles_the_delay_that_is_foretold(admin: Client):
    first, second = create_pair()
    create_group(members=[first, second], ha_enabled=True)
    ParameterValue.objects.create(
        cluster=first.cluster,
        service=catalogue.XCP_ROUTER,
        name=catalogue.MULTIPLE_DEVICE_MESSAGING,
        value="true",
    )

    assert "Critical Service Delay (3 min 0 s)" in stopping(admin, first)


@pytest.mark.parametrize(
    ("states", "effect"),
    [
        ((NodeState.NORMAL, NodeState.NORMAL), "failover"),
        ((NodeState.BACKUP, NodeState.FAILED_OVER), "backup-fails"),
        ((NodeState.IDLE, NodeState.BACKUP), "already-away"),
        (None, "unprotected"),
    ],
)
def test_the_consequence_follows_the_state_of_the_group(admin: Client, states: Any, effect: str):
    first, second = create_pair(users=2)
    create_group(members=[first, second], states=states)

    html = stopping(admin, first)

    assert f'data-effect="{effect}"' in html
    if effect == "backup-fails":
        assert "4 users" in html


def test_a_node_in_no_group_and_a_service_that_is_not_critical(admin: Client):
    node = create_node("imp1", users=1)

    assert "is in no presence redundancy group" in stopping(admin, node)
    assert "No critical service" in stopping(admin, node, "Cisco XCP Message Archiver")


def test_authentication_is_critical_only_while_it_is_monitored(admin: Client):
    node = create_node("imp1")
    service = "Cisco XCP Authentication Service"
    assert 'data-effect="none"' in stopping(admin, node, service)
    name = catalogue.MONITOR_XCP_AUTHENTICATION
    ParameterValue.objects.create(
        cluster=node.cluster, service=catalogue.SRM, name=name, value="true"
    )
    assert 'data-effect="unprotected"' in stopping(admin, node, service)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("refused", "imp1 cannot be reached: it refused the connection"),
        ("timeout", "imp1 cannot be reached: it did not answer in time."),
        ("idle", "imp1 does not start services while it is Idle"),
        ("not-activated", "The service is not activated on imp1"),
        ("unknown-service", "imp1 has no such service."),
        ("status 500", "imp1 cannot be reached: status 500: broken."),
    ],
)
def test_what_an_agent_does_not_do_is_told(
    admin: Client, monkeypatch: pytest.MonkeyPatch, kind: str, sentence: str
):
    class Agents:
        def service_control(self, *_: object) -> None:
            raise AgentError(kind, "broken")

    monkeypatch.setattr(services, "agent_client", Agents)
    node = create_node("imp1")

    response = admin.post(control(node), {"service": ROUTER, "action": "start"}, follow=True)

    assert sentence in response.content.decode()


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", ""])
def test_an_address_of_another_site_is_not_followed(admin: Client, controlled: list, wanted: str):
    node = create_node()
    data = {"service": ROUTER, "action": "start", "next": wanted}

    answer = admin.post(control(node), data)

    assert answer.headers["Location"] == reverse("topology:node", args=[node.pk])


@pytest.mark.parametrize("action", ["explode", "", "activate", "deactivate"])
def test_an_unknown_action_is_not_found(admin: Client, controlled: list, action: str):
    data = {"service": ROUTER, "action": action}

    assert admin.post(control(create_node()), data).status_code == 404
    assert controlled == []


def test_nothing_chosen_is_a_sentence(admin: Client, controlled: list):
    node = create_node()
    back = f"{NETWORK}?server={node.pk}"

    html = admin.post(control(node), {"action": "stop", "next": back}, follow=True)

    assert "No service is chosen" in html.content.decode()
    assert controlled == []


def test_readers_see_the_services_and_no_buttons(client: Client, db, controlled: list):
    client.force_login(create_user("carol", role=Role.READ_ONLY))
    node = create_node("imp1")

    html = page(client, NETWORK, node)
    answer = client.post(control(node), {"service": ROUTER, "action": "start"})

    assert all(f'data-service="{name}"' in html for name in CRITICAL_SERVICES[:3])
    assert 'name="action"' not in html
    assert 'type="radio"' not in html
    assert answer.status_code == 403
    assert controlled == []


def test_a_get_of_the_control_is_rejected(admin: Client):
    assert admin.get(control(create_node())).status_code == 405


def test_who_controlled_what_is_in_the_audit_log(admin: Client, controlled: list):
    admin.post(control(create_node("imp1")), {"service": ROUTER, "action": "start"})

    entry = Entry.objects.get(kind="service")
    assert (entry.actor, entry.action, entry.name) == ("alice", "started", f"{ROUTER} (imp1)")
