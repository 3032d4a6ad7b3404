"""System > Server: the list, one node, and control of its services."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prg_admin.domain.states import CRITICAL_SERVICES, Role, ServiceState
from prg_admin.topology.models import Cluster, Node
from tests.factories import (
    create_cluster,
    create_group,
    create_node,
    create_pair,
    create_report,
    never_heard,
    service_report,
)

LIST = "/system/servers/"
ADD = f"{LIST}add/"
ROUTER = "Cisco XCP Router"


def address(node: Node, rest: str = "") -> str:
    return f"{LIST}{node.pk}/{rest}"


def draft(**more: Any) -> dict[str, Any]:
    good = {"name": "imp1", "address": "192.0.2.1", "port": "8443", "cluster": "tokyo"}
    return {**good, "description": "", "publisher": "", **more}


def stored(node: Node, **more: Any) -> dict[str, Any]:
    """What the browser sends when nothing was typed into the open form."""
    fields = ("name", "description", "address", "port", "publisher", "revision")
    values = {field: getattr(node, field) for field in fields}
    return {**values, "cluster": node.cluster.name, **more}


def test_the_list_shows_what_each_node_said(admin: Client):
    lost = create_node("lost", reachable=False, error="refused")
    half = create_report("half", down=[ROUTER])
    group = create_group("Tokyo", members=[create_node("half", report=half)])
    never_heard("new")

    html = admin.get(LIST).content.decode()

    for words in ("4 of 5 running", "Tokyo", reverse("groups:group", args=[group.pk]), "(refused)"):
        assert words in html
    assert html.count("Never heard") == 1
    assert f'href="{address(lost)}"' in html


def test_the_live_part_of_the_list_is_the_table_alone(admin: Client):
    create_node("one")

    response = admin.get(LIST, headers={"HX-Request": "true", "HX-Target": "node-table"})

    html = response.content.decode()
    assert "1 record found" in html
    assert "<h1" not in html


@pytest.mark.parametrize("rest", ["", "add/", "1/", "1/delete/"])
def test_signed_out_is_led_to_the_sign_in_page(client: Client, db, rest: str):
    response = client.get(LIST + rest)

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("accounts:login"))


@pytest.mark.parametrize("rest", ["", "delete/"])
def test_a_node_that_is_not_there(admin: Client, rest: str):
    assert admin.get(f"{LIST}999999/{rest}").status_code == 404


@pytest.mark.parametrize("rest", ["services/", "validate/"])
def test_views_that_only_take_post_reject_get(admin: Client, rest: str):
    assert admin.get(address(create_node(), rest)).status_code == 405


def test_adding_a_node_makes_a_new_cluster_of_which_it_is_the_publisher(admin: Client):
    response = admin.post(ADD, draft(), follow=True)

    node = Node.objects.get()
    assert (node.cluster.name, node.publisher) == ("tokyo", "imp1")
    html = response.content.decode()
    assert "Add successful." in html
    assert "Never heard" in html
    assert "python -m prg_admin.agent --config imp1.toml" in html


def test_adding_a_node_to_a_cluster_takes_its_publisher(admin: Client):
    create_node("pub", cluster=create_cluster("Tokyo"), publisher="pub")

    admin.post(ADD, draft(cluster="tokyo"))

    assert Node.objects.get(name="imp1").publisher == "pub"
    assert Cluster.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": ""}, "name", "Name is required"),
        ({"name": "im p"}, "name", "Name im p is not a host name"),
        ({"name": "OTHER"}, "name", "Name OTHER is already taken by other"),
        ({"description": "50%"}, "description", 'contains “%”; the characters " % & \\ < >'),
        ({"address": "10.0.0.300"}, "address", "10.0.0.300 is neither a host name nor an IP"),
        ({"port": "65536"}, "port", "Agent Port 65536 is not between 1 and 65535."),
        ({"port": "abc"}, "port", "Agent Port abc is not between 1 and 65535."),
        ({"port": ""}, "port", "Agent Port is required"),
        ({"address": "192.0.2.9", "port": "1"}, "port", "is already the address of other"),
        ({"cluster": ""}, "cluster", "Cluster is required"),
        ({"cluster": "full"}, "cluster", "Cluster full already has 6 nodes; at most 6"),
        ({"publisher": "nobody"}, "publisher", "nobody is neither this node nor a node of"),
    ],
)
def test_wrong_input_is_refused_with_a_sentence_at_its_field(
    admin: Client, typed: dict[str, str], field: str, sentence: str
):
    create_node("other", address="192.0.2.9", port=1)
    full = create_cluster("full")
    for _ in range(6):
        create_node(cluster=full)

    response = admin.post(ADD, draft(**typed))

    assert response.status_code == 422
    errors = response.context["form"].errors[field]
    assert any(sentence in error for error in errors)
    live = admin.post(f"{reverse('topology:node-validate')}?field={field}", draft(**typed))
    assert live.status_code == 200
    assert "field__error" in live.content.decode()


def test_an_edit_is_saved(admin: Client):
    node = create_node("imp1")

    admin.post(address(node), stored(node, address="IMP1.Example.com", port="9000"))

    node.refresh_from_db()
    assert (node.address, node.port, node.revision) == ("imp1.example.com", 9000, 2)


def test_the_second_saver_is_told_and_overwrites_nothing(admin: Client):
    node = create_node("imp1")
    opened = stored(node, description="mine")
    admin.post(address(node), stored(node, description="theirs"))

    response = admin.post(address(node), opened)

    assert response.status_code == 409
    assert "<td>mine</td><td>theirs</td>" in response.content.decode()
    node.refresh_from_db()
    assert node.description == "theirs"


def test_a_node_in_a_group_keeps_its_cluster(admin: Client):
    node = create_node("imp1")
    create_group("Tokyo", members=[node])

    response = admin.post(address(node), stored(node, cluster="osaka"))

    assert response.context["form"].errors["cluster"] == [
        "Cluster: imp1 is in the group Tokyo; take it out of the group first."
    ]


def test_a_free_node_is_deleted(admin: Client):
    node = create_node("imp1")

    assert (
        "permanently delete the server imp1" in admin.get(address(node, "delete/")).content.decode()
    )
    response = admin.post(address(node, "delete/"), follow=True)

    assert "Server imp1 deleted." in response.content.decode()
    assert not Node.objects.exists()


def test_a_node_in_use_is_not_deleted(admin: Client):
    node = create_node("imp1", users=1)
    create_group("Tokyo", members=[node])

    html = admin.post(address(node, "delete/"), follow=True).content.decode()

    assert "imp1 is in the group Tokyo" in html
    assert "imp1 has 1 assigned user" in html
    assert Node.objects.exists()


def test_who_is_asked_reads_why_a_node_would_not_be_deleted(admin: Client):
    node = create_node("imp1", users=1)
    create_group("Tokyo", members=[node])

    html = admin.get(address(node, "delete/")).content.decode()

    assert "<li>Node: imp1 is in the group Tokyo; take it out of the group first.</li>" in html
    assert "<li>Node: imp1 has 1 assigned user; unassign or move the user first.</li>" in html


def test_a_node_page_shows_services_and_actions(admin: Client):
    half = create_report("imp1", down=[ROUTER])
    node = create_node("imp1", report=half)

    html = admin.get(address(node)).content.decode()

    router = html.split(f'<tr data-service="{ROUTER}">')[1].split("</tr>", maxsplit=1)[0]
    assert "Stopped" in router
    assert 'value="start"' in router
    assert html.count('value="stop"') == 4
    assert html.count('value="restart"') == 4


def test_an_idle_node_offers_no_start_that_its_agent_would_refuse(admin: Client):
    idle = create_report("imp1", role=Role.IDLE, serving=[], down=CRITICAL_SERVICES)
    node = create_node("imp1", report=idle)

    html = admin.get(address(node)).content.decode()

    assert html.count("Fallback starts it.") == len(CRITICAL_SERVICES)
    assert 'name="action"' not in html


def test_a_node_that_does_not_answer_has_no_buttons(admin: Client):
    node = create_node("imp1", reachable=False, error="timeout")

    html = admin.get(address(node)).content.decode()

    assert "imp1 cannot be reached: it did not answer in time." in html
    assert 'name="action"' not in html


def test_the_live_part_of_a_node_has_no_form_to_disturb(admin: Client):
    first, _ = create_pair()

    response = admin.get(address(first), headers={"HX-Request": "true", "HX-Target": "node-live"})

    html = response.content.decode()
    assert "Presence Server Status" in html
    assert "node-form" not in html


def test_a_service_that_is_not_activated_offers_its_activation(admin: Client):
    off = service_report(ROUTER, ServiceState.STOPPED, activated=False)
    node = create_node("imp1", report=create_report("imp1", services=(off,)))

    html = admin.get(address(node)).content.decode()

    row = html.split(f'<tr data-service="{ROUTER}">')[1].split("</tr>", maxsplit=1)[0]
    assert "Service Not Activated" in row
    assert f'href="/serviceability/service-activation/?server={node.pk}"' in row
    assert 'value="start"' not in row
