"""What each node of a pair would have to serve if the other failed, on the group's page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.test import Client

from prg_admin.domain.assignment import Limits, survivors
from prg_admin.domain.states import NodeState
from prg_admin.groups import status
from tests.factories import create_group, create_pair, create_presence_users

NORMAL = [NodeState.NORMAL, NodeState.NORMAL]
OVER = "status--warning"


def fetch(
    admin: Client,
    users: tuple[int, int],
    *,
    ha: bool = True,
    states: Sequence[NodeState] = NORMAL,
) -> tuple[str, str, str]:
    """The part with the High Availability table, and the names of both nodes."""
    nodes = create_pair()
    group = create_group(members=nodes, states=states, ha_enabled=ha)
    for node, count in zip(nodes, users, strict=True):
        create_presence_users(count, home=node)
    headers = {"HX-Request": "true", "HX-Target": "ha-table"}
    address = f"/system/presence-redundancy-groups/{group.pk}/"
    return admin.get(address, headers=headers).content.decode(), nodes[0].name, nodes[1].name


def test_each_would_serve_the_users_of_both(admin: Client):
    html, one, two = fetch(admin, (3, 2))
    assert f"If {one} fails, {two} would serve 5 of 25,000 users." in html
    assert f"If {two} fails, {one} would serve 5 of 25,000 users." in html
    assert OVER not in html


def test_more_than_a_node_may_serve_is_a_warning(admin: Client, monkeypatch):
    monkeypatch.setattr(status, "survivors", partial(survivors, limits=Limits(node=4)))
    html, one, two = fetch(admin, (3, 2))
    assert f"If {one} fails, {two} would serve 5 of 4 users." in html
    assert OVER in html


def test_who_has_failed_is_not_said_to_fail(admin: Client, monkeypatch):
    states = [NodeState.FAILED_OVER, NodeState.BACKUP]
    html, _one, _two = fetch(admin, (3, 2), states=states)
    assert "would serve" not in html

    monkeypatch.setattr(status, "survivors", partial(survivors, limits=Limits(node=4)))
    html, _one, two = fetch(admin, (3, 2), states=states)
    assert f"{two} would serve 5 of 4 users." in html


def test_without_high_availability_nobody_takes_over(admin: Client):
    html, _one, _two = fetch(admin, (3, 2), ha=False)
    assert "would serve" not in html
