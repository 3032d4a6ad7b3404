"""What services write into the audit log, as seen from the pages that call them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from prg_admin.audit.models import Entry
from prg_admin.domain import catalogue
from prg_admin.domain.states import NodeState
from prg_admin.parameters.selectors import parameter_values
from prg_admin.parameters.services import values_token
from tests.factories import create_group, create_pair, create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    client.force_login(create_user("alice"))
    return client


def latest() -> Entry:
    entry = Entry.objects.latest("id")
    assert (entry.actor, entry.address) == ("alice", "127.0.0.1")
    return entry


def test_a_new_group(alice):
    first, second = create_pair()
    form = {"name": "Tokyo", "server1": first.name, "server2": second.name}
    alice.post(reverse("groups:group-add"), form)
    entry = latest()
    assert (entry.action, entry.kind, entry.name) == ("added", "group", "Tokyo")
    assert entry.after["server2"] == second.name
    assert entry.before == {}


def test_a_changed_group_with_what_was_before(alice):
    group = create_group("Tokyo", description="old")
    first, second = (m.node.name for m in group.members.order_by("position"))
    form = {"name": "Tokyo", "description": "new", "server1": first, "server2": second}
    alice.post(reverse("groups:group", args=[group.pk]), form | {"revision": group.revision})
    entry = latest()
    assert (entry.action, entry.name) == ("changed", "Tokyo")
    assert (entry.before, entry.after) == ({"description": "old"}, {"description": "new"})


def test_a_deleted_group(alice):
    group = create_group("Tokyo")
    alice.post(reverse("groups:group-delete", args=[group.pk]), {"confirmed": "yes"})
    entry = latest()
    assert (entry.action, entry.name, entry.after) == ("deleted", "Tokyo", {})
    assert entry.before["name"] == "Tokyo"


def test_a_refused_change_leaves_no_entry(alice):
    group = create_group("Tokyo", states=[NodeState.NORMAL, NodeState.NORMAL])
    before = Entry.objects.count()
    alice.post(reverse("groups:group-delete", args=[group.pk]), {"confirmed": "yes"})
    assert Entry.objects.count() == before


def test_changed_parameters(alice):
    node = create_pair()[0]
    seen = parameter_values(node.cluster_id, catalogue.SRM, node.pk)
    place = {"server": node.pk, "service": catalogue.SRM, "token": values_token(seen)}
    values = seen | {catalogue.HEART_BEAT_INTERVAL: "31"}
    alice.post(reverse("parameters:service-parameters"), place | values)
    entry = latest()
    assert (entry.kind, entry.name) == ("parameters", f"{catalogue.SRM} ({node.name})")
    assert entry.before == {"Heart Beat Interval": "60"}
    assert entry.after == {"Heart Beat Interval": "31"}


def test_a_requested_failover(alice):
    group = create_group("Tokyo", states=[NodeState.NORMAL, NodeState.NORMAL])
    node = group.members.get(position=1).node
    alice.post(reverse("recovery:failover", args=[node.pk]))
    entry = latest()
    assert (entry.action, entry.kind, entry.name) == ("failover", "node", node.name)
    assert entry.after == {"group": "Tokyo"}
