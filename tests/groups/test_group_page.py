"""Presence Redundancy Group Configuration."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from prg_admin.domain.states import CRITICAL_SERVICES, NodeState, Reason
from prg_admin.domain.wire import PeerReport
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery.models import EngineStatus
from prg_admin.topology.models import NodeReport
from tests.factories import (
    create_cluster,
    create_group,
    create_node,
    create_pair,
    create_report,
    never_heard,
)

ADD = "/system/presence-redundancy-groups/add/"


def address(group: PresenceRedundancyGroup, rest: str = "") -> str:
    return f"/system/presence-redundancy-groups/{group.pk}/{rest}"


def draft(**more: Any) -> dict[str, Any]:
    return {"name": "Tokyo", "description": "", "server1": "", "server2": "", **more}


def stored(group: PresenceRedundancyGroup, **more: Any) -> dict[str, Any]:
    """What the browser sends when nothing was typed into the open form."""
    nodes = {f"server{m.position}": m.node.name for m in group.members.select_related("node")}
    values = draft(name=group.name, description=group.description, revision=group.revision, **nodes)
    return {**values, **({"ha_enabled": "on"} if group.ha_enabled else {}), **more}


def errors(response, field: str) -> list[str]:
    assert response.status_code == 422
    return list(response.context["form"].errors.get(field, []))


def test_a_pair_with_high_availability_is_added(admin: Client):
    first, second = create_pair()

    response = admin.post(
        ADD, draft(server1=first.name, server2=second.name, ha_enabled="on"), follow=True
    )

    group = PresenceRedundancyGroup.objects.get()
    assert [m.node for m in group.members.order_by("position")] == [first, second]
    assert group.ha_enabled
    assert response.redirect_chain == [(address(group), 302)]
    assert "Add successful." in response.content.decode()


def test_a_group_with_one_node_is_told_the_recommendation(admin: Client):
    node = create_node()

    response = admin.post(ADD, draft(server1=node.name), follow=True)

    assert "A group with one node has no redundancy" in response.content.decode()
    assert 'id="ha"' not in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": ""}, "name", "Name is required: enter a value."),
        ({"name": "a" * 129}, "name", "Name has 129 characters; at most 128 are allowed."),
        ({"name": "my group"}, "name", "Name contains a space; only the letters"),
        ({"name": "KYOTO"}, "name", "Name KYOTO is already taken by Kyoto"),
        ({"description": "a<b"}, "description", "Description contains “<”"),
        ({"description": "é" * 129}, "description", "Description has 129 characters"),
        ({"server1": ""}, "server1", "Presence Server (first) is required"),
        ({"server2": "one"}, "server2", "one is also the first Presence Server"),
        ({"server2": "taken"}, "server2", "taken belongs to the group Kyoto"),
        ({"server2": "nobody"}, "server2", "there is no node nobody"),
        ({"server2": "newer"}, "server2", "newer runs version 15.0.2, but one runs version 15.0.1"),
        ({"server2": "unheard"}, "server2", "the version of unheard is not known yet"),
        ({"server2": "far"}, "server2", "far is in cluster osaka, but one is in cluster tokyo"),
        ({"server2": "odd"}, "server2", "the database publisher of odd is pub2, but that of one"),
        ({"server2": ""}, "ha_enabled", "High Availability needs two nodes"),
    ],
)
def test_wrong_input_is_refused_with_a_sentence_at_its_field(
    admin: Client, typed: dict[str, str], field: str, sentence: str
):
    tokyo = create_cluster("tokyo")
    for name, version in (("one", "15.0.1"), ("two", "15.0.1"), ("newer", "15.0.2")):
        create_node(name, cluster=tokyo, version=version)
    never_heard("unheard", cluster=tokyo)
    create_node("far", cluster=create_cluster("osaka"), version="15.0.1")
    create_node("odd", cluster=tokyo, version="15.0.1", publisher="pub2")
    create_group("Kyoto", members=[create_node("taken", cluster=tokyo, version="15.0.1")])
    good = draft(server1="one", server2="two", ha_enabled="on")

    response = admin.post(ADD, {**good, **typed})

    assert any(sentence in error for error in errors(response, field))
    assert PresenceRedundancyGroup.objects.count() == 1
    live = admin.post(f"{reverse('groups:group-validate')}?field={field}", {**good, **typed})
    assert sentence.replace("&", "&amp;").replace("<", "&lt;") in live.content.decode()


def test_validation_answers_also_for_the_fields_that_hang_together(admin: Client):
    node = create_node()

    response = admin.post(
        f"{reverse('groups:group-validate')}?field=server1",
        draft(server1=node.name, ha_enabled="on"),
    )

    html = response.content.decode()
    assert 'id="id_ha_enabled_error" hx-swap-oob="innerHTML"' in html
    assert "High Availability needs two nodes" in html


def test_validation_of_an_unknown_field_is_not_found(admin: Client):
    assert admin.post(f"{reverse('groups:group-validate')}?field=password").status_code == 404


def test_the_choices_are_free_nodes_and_the_groups_own(admin: Client):
    own = create_node("own")
    free = create_node("free", cluster=own.cluster)
    create_node("elsewhere")
    create_group(members=[create_node("taken", cluster=own.cluster)])
    group = create_group(members=[own])

    form = admin.get(address(group)).context["form"]

    values = [value for value, _ in form.fields["server1"].choices]
    assert values == ["", free.name, own.name]


def test_a_new_group_can_have_any_free_node(admin: Client):
    create_group(members=[create_node("taken")])
    create_node("free", cluster=create_cluster("a"))
    create_node("other", cluster=create_cluster("b"))
    form = admin.get(ADD).context["form"]
    assert [value for value, _ in form.fields["server1"].choices] == ["", "free", "other"]


def test_an_edit_is_saved_and_counts_the_revision(admin: Client):
    group = create_group("Tokyo")

    response = admin.post(address(group), stored(group, description="east"), follow=True)

    group.refresh_from_db()
    assert (group.description, group.revision) == ("east", 2)
    assert "Update successful." in response.content.decode()


def test_the_second_saver_is_told_and_overwrites_nothing(admin: Client):
    group = create_group("Tokyo", description="old")
    opened = stored(group, description="mine")
    admin.post(address(group), stored(group, description="theirs"))

    response = admin.post(address(group), opened)

    html = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else saved in the meantime" in html
    assert "<td>mine</td><td>theirs</td>" in html
    assert 'value="mine"' in html
    group.refresh_from_db()
    assert group.description == "theirs"


def test_the_second_saver_may_save_again_knowingly(admin: Client):
    group = create_group("Tokyo")
    opened = stored(group, description="mine")
    admin.post(address(group), stored(group, description="theirs"))
    told = admin.post(address(group), opened)

    again = {**opened, "revision": told.context["form"]["revision"].value()}
    assert admin.post(address(group), again).status_code == 302

    group.refresh_from_db()
    assert group.description == "mine"


def test_members_do_not_change_while_high_availability_is_on(admin: Client):
    group = create_group("Tokyo", ha_enabled=True)

    response = admin.post(address(group), stored(group, server2="", ha_enabled=""))

    assert errors(response, "server2") == [
        (
            "Presence Server (second): the nodes of group Tokyo cannot be changed now. "
            "High Availability is on; switch it off and save first."
        )
    ]


def test_high_availability_is_not_switched_off_while_users_are_away(admin: Client):
    group = create_group("Tokyo", states=[NodeState.IDLE, NodeState.BACKUP])

    response = admin.post(address(group), stored(group, ha_enabled=""))

    assert errors(response, "ha_enabled") == [
        (
            "High Availability of group Tokyo cannot be switched off now. "
            "Users are failed over; fall back first."
        )
    ]


def test_a_node_with_users_does_not_leave(admin: Client):
    group = create_group(members=[create_node("one"), create_node("two", users=2)])

    response = admin.post(address(group), stored(group, server2=""))

    assert "two has 2 assigned users" in errors(response, "server2")[0]


@pytest.mark.parametrize("rest", ["", "delete/", "recover/", "failover/1/", "validate/"])
def test_signed_out_is_led_to_the_sign_in_page(client: Client, db, rest: str):
    group = create_group()
    method = client.post if rest == "validate/" else client.get

    response = method(address(group, rest))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("accounts:login"))


@pytest.mark.parametrize("rest", ["", "delete/", "recover/", "failover/1/", "validate/"])
def test_a_group_that_is_not_there(admin: Client, rest: str):
    method = admin.post if rest == "validate/" else admin.get

    assert method(f"/system/presence-redundancy-groups/999999/{rest}").status_code == 404


def test_validation_rejects_get(admin: Client):
    assert admin.get(reverse("groups:group-validate")).status_code == 405


def test_delete_asks_first_and_then_deletes(admin: Client):
    group = create_group("Tokyo")

    assert "permanently delete" in admin.get(address(group, "delete/")).content.decode()
    response = admin.post(address(group, "delete/"), follow=True)

    assert "1 group deleted." in response.content.decode()
    assert not PresenceRedundancyGroup.objects.exists()


def test_a_group_with_users_is_not_deleted(admin: Client):
    group = create_group("Tokyo", members=[create_node("one", users=1)])

    response = admin.post(address(group, "delete/"), follow=True)

    assert "Group Tokyo cannot be deleted: one has 1 assigned user" in response.content.decode()
    assert PresenceRedundancyGroup.objects.exists()


def fetch_ha_table(admin: Client, group: PresenceRedundancyGroup) -> str:
    response = admin.get(address(group), headers={"HX-Request": "true", "HX-Target": "ha-table"})
    html = response.content.decode()
    assert "<form id" not in html
    assert "group-form" not in html
    return html


def row(html: str, node: str) -> str:
    return html.split(f'<tr data-node="{node}">')[1].split("</tr>", maxsplit=1)[0]


def failed_over_pair(**more: Any) -> PresenceRedundancyGroup:
    """``one`` lost its router; ``two`` serves the users of both."""
    cluster = create_cluster()
    one = create_report("one", serving=[], down=["Cisco XCP Router"])
    both = create_report("two", serving=["one", "two"], sessions=5)
    nodes = [
        create_node("one", cluster=cluster, report=one, users=3),
        create_node("two", cluster=cluster, report=both, users=2),
    ]
    return create_group(
        "Tokyo",
        members=nodes,
        states=[NodeState.FAILED_OVER_SERVICES_DOWN, NodeState.BACKUP],
        reasons=[Reason.CRITICAL_SERVICE_DOWN] * 2,
        **more,
    )


def test_timers_and_events_of_the_group_are_one_step_away(admin: Client):
    group = create_group(ha_enabled=True)
    first = group.members.get(position=1).node
    html = unescape(admin.get(address(group)).content.decode())
    timers = f"/system/service-parameters/?server={first.pk}&service=Cisco+Server+Recovery+Manager"
    assert f'<option value="{timers}">' in html
    assert f'<option value="/recovery/groups/{group.pk}/events/">' in html
    assert admin.get(timers).context["scope"].service == "Cisco Server Recovery Manager"


def test_the_high_availability_table_after_a_failover(admin: Client):
    html = fetch_ha_table(admin, failed_over_pair())

    one, two = row(html, "one"), row(html, "two")
    assert "Failed Over with Critical Services Not Running" in one
    assert "Critical Service Down" in one
    assert 'data-label="Assigned Users">3</td>' in one
    assert 'data-label="Active Users">0</td>' in one
    assert "No Fallback: Critical services of the failed-over node are not running" in " ".join(
        one.split()
    )
    assert "Running in Backup Mode" in two
    assert 'data-label="Active Users">5</td>' in two


def test_a_service_that_is_down_has_a_start_button(admin: Client):
    group = failed_over_pair()

    html = fetch_ha_table(admin, group)

    router = html.split('<tr data-service="Cisco XCP Router">')[1].split("</tr>")[0]
    assert "Stopped" in router
    assert 'value="start"' in router
    assert html.count('value="start"') == 1


@pytest.mark.parametrize("service", CRITICAL_SERVICES)
def test_running_services_are_shown_with_their_process(admin: Client, service: str):
    group = create_group(ha_enabled=True)
    stored_report = NodeReport.objects.filter(node__member__group=group).first()
    assert stored_report
    assert stored_report.report
    process = next(s.pid for s in stored_report.report.services if s.name == service)

    assert f'<td class="num" data-label="Process">{process}</td>' in fetch_ha_table(admin, group)


def test_failover_is_offered_on_a_healthy_pair(admin: Client):
    group = create_group(ha_enabled=True)
    node = group.members.get(position=1).node

    link = address(group, f"failover/{node.pk}/")

    assert link in row(fetch_ha_table(admin, group), node.name)
    html = admin.get(link).content.decode()
    assert reverse("recovery:failover", args=[node.pk]) in html
    assert "stay stopped until somebody falls back" in html


def test_fallback_is_offered_where_the_node_is_ready(admin: Client):
    group = create_group(states=[NodeState.FAILED_OVER, NodeState.BACKUP])
    node = group.members.get(position=1).node
    link = address(group, f"fallback/{node.pk}/")

    assert link in row(fetch_ha_table(admin, group), node.name)
    assert reverse("recovery:fallback", args=[node.pk]) in admin.get(link).content.decode()


def test_what_is_not_offered_any_more_is_not_asked(admin: Client):
    group = create_group(states=[NodeState.FAILED_OVER, NodeState.BACKUP])
    node = group.members.get(position=1).node

    response = admin.get(address(group, f"failover/{node.pk}/"), follow=True)

    assert "has changed meanwhile" in response.content.decode()


def test_recover_is_offered_when_both_are_failed(admin: Client):
    group = create_group(states=[NodeState.FAILED, NodeState.FAILED])

    assert address(group, "recover/") in fetch_ha_table(admin, group)
    html = admin.get(address(group, "recover/")).content.decode()
    assert reverse("recovery:recover", args=[group.pk]) in html


def test_recover_says_why_not(admin: Client):
    html = fetch_ha_table(admin, create_group(ha_enabled=True))

    assert "Recover is for a group with both nodes in state Running in Failed Mode." in html


def test_a_node_that_does_not_answer_is_told_with_error_and_time(admin: Client):
    cluster = create_cluster()
    silent = create_node("one", cluster=cluster, reachable=False, error="refused")
    group = create_group(members=[silent, create_node(cluster=cluster)], ha_enabled=True)

    html = fetch_ha_table(admin, group)

    assert "one cannot be reached: it refused the connection" in html
    assert "Last heard 0 s ago" in html
    assert "?" in row(html, "one")


def test_a_node_that_is_down_serves_nobody(admin: Client):
    cluster = create_cluster()
    lost = create_node("one", cluster=cluster, reachable=False, error="timeout", users=4)
    group = create_group(
        members=[lost, create_node(cluster=cluster)], states=[NodeState.DOWN, NodeState.BACKUP]
    )

    assert 'data-label="Active Users">0</td>' in row(fetch_ha_table(admin, group), "one")


def test_who_hears_whom(admin: Client):
    cluster = create_cluster()
    deaf = PeerReport("two", silence_s=75.0, rtt_ms=None, error="timeout", serving=())
    one = create_node("one", cluster=cluster, report=create_report("one", peer=deaf))
    group = create_group(members=[one, create_node("two", cluster=cluster)], ha_enabled=True)

    html = fetch_ha_table(admin, group)

    assert heard(html, "engine-one") == "heard"
    assert heard(html, "one-two") == "suspect"
    assert heard(html, "two-one") == "unknown"
    assert "no answer in time" in html
    assert re.search(r'data-counts="up" data-seconds="75', html)
    assert re.search(r'data-counts="down" data-seconds="1[45]', html)


def heard(html: str, hearing: str) -> str:
    """What the line of that listener and speaker says."""
    line = html.split(f'data-hearing="{hearing}"')[1].split("</tr>", maxsplit=1)[0]
    found = re.search(r'data-state="([\w-]+)"', line)
    assert found
    return found[1]


def test_a_node_never_heard_says_how_to_go_on(admin: Client):
    group = create_group(members=[never_heard("one")])

    html = admin.get(address(group)).content.decode()

    assert "one was never heard" in html


def test_the_page_listens_to_group_and_nodes(admin: Client):
    group = create_group(ha_enabled=True)
    nodes = list(group.members.values_list("node_id", flat=True))

    html = admin.get(address(group)).content.decode()

    assert f'data-live-topics="group-{group.pk},node-{nodes[0]},node-{nodes[1]}"' in html
    assert f"sse:group-{group.pk}, sse:node-{nodes[0]}" in html


def test_the_page_of_a_group_asks_few_questions(admin: Client, django_assert_num_queries):
    one, other = create_pair()
    group = create_group(members=[one, other], ha_enabled=True)
    EngineStatus.objects.create(pk=1, ticked_at=now(), swept_at=now())
    # Session, person; group with members, parameters and free nodes; engine.
    with django_assert_num_queries(4):
        assert admin.get(address(group)).status_code == 200


def test_a_new_description_costs_few_questions(admin: Client, django_assert_num_queries):
    one, other = create_pair()
    group = create_group(members=[one, other])
    posted = stored(group, description="east")
    # Session, person; begin, group with members, nodes, clusters, group written, audit, commit.
    with django_assert_num_queries(9):
        assert admin.post(address(group), posted).status_code == 302
