"""The maintenance helper: count, off, wait, work, sessions, on; each step by what is so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from prg_admin.accounts.models import Role
from prg_admin.audit.models import Entry
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Maintenance, Member, PresenceRedundancyGroup
from prg_admin.topology.models import NodeReport
from tests.factories import create_group, create_node, create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> PresenceRedundancyGroup:
    found = create_group(states=[NodeState.NORMAL, NodeState.NORMAL])
    have_sessions(found, 100, 50)
    return found


@pytest.fixture
def alice(client: Client) -> Client:
    client.force_login(create_user("alice"))
    return client


def have_sessions(group: PresenceRedundancyGroup, *counts: int) -> None:
    members = group.members.order_by("position")
    for member, count in zip(members, counts, strict=True):
        row = NodeReport.objects.get(node=member.node_id)
        assert row.report is not None
        row.document = replace(row.report, sessions=count).to_json()
        row.save(update_fields=["document"])


def address(group: PresenceRedundancyGroup) -> str:
    return reverse("groups:maintenance", args=[group.pk])


def stage(client: Client, group: PresenceRedundancyGroup) -> str:
    page = client.get(address(group)).content.decode()
    return re.findall(r'data-stage="([^"]*)"', page)[0]


def take(client: Client, group: PresenceRedundancyGroup, step: str) -> str:
    client.post(address(group), {"step": step})
    return stage(client, group)


def switch(group: PresenceRedundancyGroup, *, on: bool, ago: float = 0) -> None:
    state = NodeState.NORMAL if on else NodeState.UNKNOWN
    PresenceRedundancyGroup.objects.filter(pk=group.pk).update(ha_enabled=on)
    since = now() - timedelta(seconds=ago)
    Member.objects.filter(group=group).update(state=state, state_since_at=since)


def test_the_whole_way(alice: Client, group: PresenceRedundancyGroup):
    assert stage(alice, group) == "count"
    assert take(alice, group, "count") == "ha-off"
    switch(group, on=False)
    assert stage(alice, group) == "wait"
    switch(group, on=False, ago=200)
    assert stage(alice, group) == "work"
    have_sessions(group, 20, 50)
    assert take(alice, group, "work") == "sessions"
    have_sessions(group, 95, 50)
    assert stage(alice, group) == "ha-on"
    switch(group, on=True)
    assert stage(alice, group) == ""
    assert take(alice, group, "end") == "count"
    assert not Maintenance.objects.exists()


def test_what_is_missing_is_told_by_node(alice: Client, group: PresenceRedundancyGroup):
    take(alice, group, "count")
    have_sessions(group, 20, 50)
    page = " ".join(alice.get(address(group)).content.decode().split())
    row = re.findall(r'<tr data-node="[^"]*">(.*?)</tr>', page)[0]
    assert re.findall(r'class="num">([^<]*)<', row) == ["0", "0", "20", "100", "80"]


def test_the_work_cannot_be_done_while_a_stop_would_be_a_failover(alice: Client, group):
    take(alice, group, "count")
    assert take(alice, group, "work") == "ha-off"
    assert Maintenance.objects.get().worked_at is None


def test_it_is_in_the_audit_log(alice: Client, group: PresenceRedundancyGroup):
    take(alice, group, "count")
    take(alice, group, "end")
    assert [entry.after for entry in Entry.objects.order_by("pk")][-2:] == [
        {"maintenance": "begun"},
        {},
    ]


@pytest.mark.parametrize("step", ["", "fly", "count\0"])
def test_another_step_changes_nothing(alice: Client, group, step: str):
    answer = alice.post(address(group), {"step": step}, follow=True)
    assert "Step: choose one of those offered." in answer.content.decode()
    assert not Maintenance.objects.exists()


def test_readers_see_it_and_change_nothing(client: Client, group: PresenceRedundancyGroup):
    client.force_login(create_user("bob", role=Role.READ_ONLY))
    assert "Count now" not in client.get(address(group)).content.decode()
    assert client.post(address(group), {"step": "count"}).status_code == 403
    assert not Maintenance.objects.exists()


def test_a_group_with_one_node_has_no_such_way(alice: Client):
    lonely = create_group(members=[create_node()])
    assert "no High Availability" in alice.get(address(lonely)).content.decode()
    take(alice, lonely, "count")
    assert not Maintenance.objects.exists()


def test_its_cost_does_not_grow(alice: Client, group, django_assert_max_num_queries):
    take(alice, group, "count")
    with django_assert_max_num_queries(22):
        alice.get(address(group))
