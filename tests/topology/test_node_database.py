"""The row "Database" beside the services of a node."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from prg_admin.domain.wire import DatabaseReport
from prg_admin.topology.models import Node
from tests.factories import create_group, create_node, create_report


def create(database: DatabaseReport | None, **more: object) -> Node:
    return create_node("imp1", report=create_report("imp1", database=database), **more)


def shown(client: Client, path: str) -> str:
    """The words of the part about imp1's database."""
    html = client.get(path).content.decode()
    part = re.search(r'<dl class="facts database.*?</dl>', html, re.DOTALL)
    assert part, "no such part"
    return " ".join(re.sub(r"<[^>]*>", " ", part[0]).split())


@pytest.mark.parametrize(
    ("database", "words"),
    [
        (
            DatabaseReport(True, None, 2, "equal: 2", 0),
            (
                "Database ✓ Answers Replication ✓ Good (2) "
                "Changes arrive, and the contents equal the publisher&#x27;s."
            ),
        ),
        (
            DatabaseReport(True, None, 0, "copying: presence_user"),
            (
                "Database ✓ Answers Replication … Initializing (0) "
                "Tables are being copied from the publisher: presence_user."
            ),
        ),
        (
            DatabaseReport(True, None, None, "unreadable: permission denied"),
            (
                "Database ✓ Answers Replication ? Not known "
                "The state of replication cannot be read: permission denied"
            ),
        ),
        (
            DatabaseReport(False, 75.0, None, "no-answer: connection <refused>"),
            "Database ✗ Does not answer for 1 min 15 s connection &lt;refused&gt;",
        ),
        (None, "Database – Not monitored"),
    ],
)
def test_the_page_of_a_node(admin: Client, database: DatabaseReport | None, words: str):
    node = create(database)
    assert shown(admin, f"/system/servers/{node.pk}/") == words


def test_what_an_unreachable_node_said_is_counted_on(admin: Client):
    silent = {"reachable": False, "heard_at": now() - timedelta(seconds=60)}
    node = create(DatabaseReport(False, 15.0, None, "no-answer: x"), **silent)
    assert "for 1 min 15 s" in shown(admin, f"/system/servers/{node.pk}/")


def test_the_page_of_the_group(admin: Client):
    node = create(DatabaseReport(True, None, 3, "different"))
    group = create_group(members=[node, create_node(cluster=node.cluster)], ha_enabled=True)
    path = f"/system/presence-redundancy-groups/{group.pk}/"
    assert "Replication ≠ Mismatched (3) Changes arrive, but" in shown(admin, path)
