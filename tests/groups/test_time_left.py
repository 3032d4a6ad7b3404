"""How long a service that is down may still come back, beside the service."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from prg_admin.domain import catalogue
from prg_admin.domain.states import NodeState, ServiceState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import NodeReport
from tests.factories import create_group, create_user

pytestmark = pytest.mark.django_db
DOWN = 10.0


def lose_service(group: PresenceRedundancyGroup, name: str = "Cisco SIP Proxy") -> None:
    row = NodeReport.objects.get(node=group.members.get(position=1).node)
    assert row.report is not None
    services = tuple(
        replace(s, state=ServiceState.STOPPED, pid=None, up_s=None, down_s=DOWN)
        if s.name == name
        else s
        for s in row.report.services
    )
    row.document = replace(row.report, services=services).to_json()
    row.save(update_fields=["document"])


def left(client: Client, group: PresenceRedundancyGroup) -> list[str]:
    client.force_login(create_user())
    page = client.get(reverse("groups:group", args=[group.pk])).content.decode()
    return re.findall(r"data-time-left>([^<]*)<", page)


def test_it_counts_from_when_the_service_was_last_up(client: Client):
    group = create_group(states=[NodeState.NORMAL, NodeState.NORMAL])
    lose_service(group)
    (text,) = left(client, group)
    assert re.fullmatch(r"fails over in 1 min( \d+ s)?", text), text


@pytest.mark.parametrize(
    "states", [[NodeState.FAILED_OVER_SERVICES_DOWN, NodeState.BACKUP], [NodeState.FAILED] * 2]
)
def test_where_no_failover_follows_nothing_counts(client: Client, states):
    group = create_group(states=states)
    lose_service(group)
    assert left(client, group) == []


def test_after_the_delay_nothing_counts(client: Client):
    group = create_group(states=[NodeState.NORMAL, NodeState.NORMAL])
    ParameterValue.objects.create(
        cluster=group.cluster,
        service=catalogue.SRM,
        name=catalogue.CRITICAL_SERVICE_DELAY,
        value="5",
    )
    lose_service(group)
    assert left(client, group) == []
