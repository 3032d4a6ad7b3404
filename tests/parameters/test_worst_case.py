"""The worst case beside the timing fields, computed from what is typed."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import SRM
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Node
from tests.factories import create_node, create_user
from tests.parameters.test_pages import SERVICE_URL, filled

VALIDATE = f"{SERVICE_URL}validate/"


@pytest.fixture
def alice(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


@pytest.fixture
def node(db: None) -> Node:
    return create_node("imp1")


def figures(html: str, what: str) -> list[str]:
    row = html.split(f'data-worst="{what}"')[1].split("</tr>", maxsplit=1)[0]
    return re.findall(r"<span>(.*?)</span>", row)


def test_the_values_in_force_are_shown(alice: Client, node: Node):
    html = alice.get(SERVICE_URL, {"server": node.pk, "service": SRM}).content.decode()

    assert figures(html, "service") == ["91 s", "91.3 s", "181.3 s"]
    assert figures(html, "silent") == ["91 s", "91.3 s", "181.3 s"]


def test_what_is_typed_counts_before_it_is_saved(alice: Client, node: Node):
    typed = filled(node, CriticalServiceDelay="200")

    html = alice.post(f"{VALIDATE}?field=CriticalServiceDelay", typed).content.decode()

    assert 'id="worst-case" hx-swap-oob="innerHTML"' in html
    assert figures(html, "service") == ["201 s", "201.3 s", "401.3 s"]
    assert not ParameterValue.objects.exists()


def test_a_broken_relation_is_computed_all_the_same(alice: Client, node: Node):
    typed = filled(node, KeepAliveTimeout="50")

    html = alice.post(f"{VALIDATE}?field=KeepAliveTimeout", typed).content.decode()

    assert figures(html, "silent")[0] == "91 s"  # never before one look has timed out


def test_what_is_no_number_is_not_computed(alice: Client, node: Node):
    typed = filled(node, KeepAliveTimeout="soon")

    html = alice.post(f"{VALIDATE}?field=KeepAliveTimeout", typed).content.decode()

    assert "data-worst" not in html
    assert "Computed again as soon as" in html


def test_doubled_delays_in_force_are_said(alice: Client, node: Node):
    ParameterValue.objects.create(
        cluster=node.cluster,
        service=catalogue.XCP_ROUTER,
        name=catalogue.MULTIPLE_DEVICE_MESSAGING,
        value=catalogue.TRUE,
    )

    html = alice.get(SERVICE_URL, {"server": node.pk, "service": SRM}).content.decode()

    assert "(in force)" in html
    assert figures(html, "silent") == ["91 s", "91.3 s", "181.3 s"]


def test_other_services_have_no_worst_case(alice: Client, node: Node):
    place = {"server": node.pk, "service": catalogue.XCP_ROUTER}

    assert "data-worst" not in alice.get(SERVICE_URL, place).content.decode()


def test_the_deadline_of_a_change_must_outlast_the_silence_limit(alice: Client, node: Node):
    answer = alice.post(
        SERVICE_URL, filled(node, KeepAliveTimeout="100", TransitionDeadline="100", view="advanced")
    )

    told = answer.content.decode()
    assert answer.status_code == 422
    assert "Transition Deadline (100 seconds) must be more than" in told
    assert "Keep Alive (Heartbeat) Timeout (100 seconds)" in told
