"""Service Activation: which feature services a node uses, for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from prg_admin.accounts.models import Role
from prg_admin.audit.models import Entry
from prg_admin.domain.states import ServiceState
from prg_admin.domain.wire import Report
from prg_admin.topology import services
from prg_admin.topology.agents import AgentError, Answer
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

PAGE = "/serviceability/service-activation/"
PROXY, ENGINE, ROUTER = "Cisco SIP Proxy", "Cisco Presence Engine", "Cisco XCP Router"
ARCHIVER = "Cisco XCP Message Archiver"
FEATURES = (PROXY, ENGINE, ARCHIVER)


def report_of(name: str, active: Sequence[str]) -> Report:
    features = [
        service_report(
            f, ServiceState.STARTED if f in active else ServiceState.STOPPED, activated=f in active
        )
        for f in FEATURES
    ]
    return create_report(name, services=(service_report(ROUTER), *features))


class Agents:
    """What the node is asked to do, and what it does."""

    def __init__(self) -> None:
        self.active: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.error = ""

    def probe(self, targets: Sequence[Any]) -> list[Answer]:
        if self.error:
            return [Answer(None, self.error)]
        return [Answer(report_of(t.name, sorted(self.active)), "", 1.0) for t in targets]

    def service_control(self, _target: Any, service: str, action: str) -> None:
        if self.error:
            raise AgentError(self.error)
        self.asked.append((service, action))
        (self.active.add if action == "activate" else self.active.discard)(service)


@pytest.fixture
def agents(monkeypatch: pytest.MonkeyPatch) -> Agents:
    made = Agents()
    made.active = {PROXY, ENGINE}
    monkeypatch.setattr(services, "agent_client", lambda: made)
    return made


@pytest.fixture
def node(db: None) -> Node:
    return create_node("imp1", report=report_of("imp1", [PROXY, ENGINE]))


def save(admin: Client, node: Node, active: Sequence[str], **more: Any) -> Any:
    fields = {"server": node.pk, "active": list(active), "seen": [PROXY, ENGINE], **more}
    return admin.post(PAGE, fields)


def ticked(html: str) -> set[str]:
    boxes = html.split('type="checkbox"')[1:]
    return {b.split('value="')[1].split('"')[0] for b in boxes if " checked" in b.split(">")[0]}


def test_what_is_activated_is_ticked(admin: Client, node: Node, agents: Agents):
    html = admin.get(PAGE, {"server": node.pk}).content.decode()

    assert ticked(html) == {PROXY, ENGINE}
    assert "Not installed on this node" in html
    assert html.count('type="checkbox"') == len(FEATURES)


def test_the_boxes_are_as_the_node_says_though_its_last_report_is_older(
    admin: Client, node: Node, agents: Agents
):
    save(admin, node, [ENGINE], confirmed="yes")
    html = admin.get(PAGE, {"server": node.pk}).content.decode()

    assert ticked(html) == {ENGINE}
    assert "Service Not Activated" in html.split(f'data-service="{PROXY}"')[1].split("</tr>")[0]


def test_a_node_that_does_not_answer_is_shown_as_it_last_reported(
    admin: Client, node: Node, agents: Agents
):
    agents.active, agents.error = set(), "timeout"
    assert ticked(admin.get(PAGE, {"server": node.pk}).content.decode()) == {PROXY, ENGINE}


def test_check_all_and_set_to_default_only_tick(admin: Client, node: Node, agents: Agents):
    every = admin.get(PAGE, {"server": node.pk, "check": "all"}).content.decode()
    defaults = admin.get(PAGE, {"server": node.pk, "check": "default"}).content.decode()

    assert ticked(every) == set(FEATURES)
    assert ticked(defaults) == {PROXY, ENGINE}
    assert agents.asked == []


def test_save_activates_on_the_node(admin: Client, node: Node, agents: Agents):
    response = save(admin, node, [PROXY, ENGINE, ARCHIVER])

    assert response.headers["Location"] == f"{PAGE}?server={node.pk}"
    assert agents.asked == [(ARCHIVER, "activate")]
    html = admin.get(response.headers["Location"]).content.decode()
    assert f"Update successful. Activated: {ARCHIVER}." in html
    entry = Entry.objects.get(kind="service")
    assert (entry.action, entry.after) == ("activated", {"activated": True})


def test_nothing_ticked_otherwise_changes_nothing(admin: Client, node: Node, agents: Agents):
    html = admin.get(save(admin, node, [PROXY, ENGINE]).headers["Location"]).content.decode()

    assert "Nothing was changed" in html
    assert agents.asked == []


def test_deactivating_a_critical_service_is_asked_first(admin: Client, node: Node, agents: Agents):
    asked = save(admin, node, [PROXY])

    html = asked.content.decode()
    assert f"You are about to deactivate {ENGINE} on imp1" in html
    assert 'data-effect="unprotected"' in html
    assert agents.asked == []
    save(admin, node, [PROXY], confirmed="yes")
    assert agents.asked == [(ENGINE, "deactivate")]


def test_the_warning_names_group_and_users(admin: Client, agents: Agents):
    first, second = create_pair(users=3)
    stored = first.last_report
    stored.document = report_of(first.name, [PROXY, ENGINE]).to_json()
    stored.save(update_fields=["document"])
    create_group("Tokyo", members=[first, second], ha_enabled=True)

    html = save(admin, first, [PROXY]).content.decode()

    assert f"3 users of {first.name} are moved to {second.name}" in html


def test_what_somebody_else_changed_is_not_overwritten(admin: Client, node: Node, agents: Agents):
    agents.active = {PROXY, ENGINE, ARCHIVER}

    response = save(admin, node, [PROXY, ENGINE])

    html = response.content.decode()
    assert response.status_code == 409
    assert "somebody else has changed" in html
    assert ticked(html) == {PROXY, ENGINE}
    assert f'name="seen" value="{ARCHIVER}"' in html
    assert agents.asked == []


def test_a_node_that_cannot_be_reached_is_told_and_the_ticks_stay(
    admin: Client, node: Node, agents: Agents
):
    agents.error = "refused"

    response = save(admin, node, [PROXY, ENGINE, ARCHIVER])

    html = response.content.decode()
    assert response.status_code == 422
    assert "The connection to the server cannot be established." in html
    assert "it refused the connection" in html
    assert ticked(html) == set(FEATURES)


def test_services_that_are_not_there_cannot_be_activated(admin: Client, node: Node, agents: Agents):
    save(admin, node, [PROXY, ENGINE, "Cisco XCP Directory Service", "<script>", ROUTER])

    assert agents.asked == []


def test_a_node_that_was_never_heard_has_nothing_to_activate(admin: Client):
    html = admin.get(PAGE, {"server": never_heard("new").pk}).content.decode()

    assert "new was never heard" in html
    assert 'type="checkbox"' not in html


@pytest.mark.parametrize("server", ["", "999999", "x"])
def test_saving_for_no_server_is_not_found(admin: Client, db, server: str):
    assert admin.post(PAGE, {"server": server}).status_code == 404


def test_an_open_page_is_told_what_changed(admin: Client, node: Node):
    headers = {"HX-Request": "true", "HX-Target": "activation-news"}
    same = admin.get(PAGE, {"server": node.pk, "seen": [PROXY, ENGINE]}, headers=headers)
    moved = admin.get(PAGE, {"server": node.pk, "seen": [PROXY]}, headers=headers)

    assert "has changed since" not in same.content.decode()
    assert "has changed since" in moved.content.decode()
    assert "<h1" not in moved.content.decode()


def test_readers_look_and_do_not_save(client: Client, node: Node, agents: Agents):
    client.force_login(create_user("carol", role=Role.READ_ONLY))

    html = client.get(PAGE, {"server": node.pk}).content.decode()

    assert ticked(html) == {PROXY, ENGINE}
    assert "Set to Default</a>" not in html
    assert save(client, node, [PROXY], confirmed="yes").status_code == 403
    assert agents.asked == []
