"""Before High Availability is enabled the page says what would happen, and asks to have read it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from prg_admin.domain.states import NodeState
from prg_admin.domain.wire import DatabaseReport
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.topology.models import Node
from tests.factories import create_cluster, create_group, create_node, create_report
from tests.groups.test_group_page import address, stored
from tests.recovery.agents import create_sim_pair

ROUTER = "Cisco XCP Router"
SENTENCE = "High Availability would not leave both nodes Normal"


def pair_of(*, down: str = "", replication: int | None = None) -> tuple[Node, Node]:
    """``down``: a service of the first; ``replication``: of the second, None: not monitored."""
    cluster = create_cluster()
    database = replication is not None and DatabaseReport(
        answers=True, down_s=None, replication=replication, detail=""
    )
    one = create_node(
        "one", cluster=cluster, report=create_report("one", down=[down] if down else [])
    )
    two = create_node(
        "two", cluster=cluster, report=create_report("two", database=database or None)
    )
    return one, two


def group_of(**more: Any) -> PresenceRedundancyGroup:
    return create_group("Tokyo", members=pair_of(**more))


def preflight(admin: Client, group: PresenceRedundancyGroup, **more: str) -> str:
    data = stored(group, ha_enabled="on", **more)
    return admin.post(address(group, "preflight/"), data).content.decode()


def token(html: str) -> str:
    found = re.search(r'name="confirmed" id="id_confirmed" value="(\w+)"', html)
    assert found
    return found[1]


def test_a_pair_that_is_well_is_told_and_saved_without_asking(admin: Client):
    group = group_of(replication=2)

    html = preflight(admin, group)
    saved = admin.post(address(group), stored(group, ha_enabled="on"))

    assert "Both nodes end Normal." in html
    assert "Replication of two: 2, good." in html
    assert "Replication of one: not monitored." in html
    assert "confirmed" not in html
    assert saved.status_code == 302


def test_a_service_that_is_down_shows_where_it_would_end(admin: Client):
    html = preflight(admin, group_of(down=ROUTER))

    assert f"Not running on one: {ROUTER}." in html
    assert "does not end Normal on both nodes" in html
    assert 'data-rule="take-over-done"' in html
    assert 'data-state="running-in-backup-mode"' in html
    assert "I have read what would happen" in html
    assert SENTENCE not in html  # not before somebody has tried to save


@pytest.mark.parametrize("trouble", [{"down": ROUTER}, {"replication": 1}])
def test_without_having_read_it_nothing_is_saved(admin: Client, trouble: dict[str, Any]):
    group = group_of(**trouble)

    answer = admin.post(address(group), stored(group, ha_enabled="on"))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert SENTENCE in html
    assert "If High Availability is enabled now" in html  # the confirmation, without a script
    group.refresh_from_db()
    assert not group.ha_enabled


def test_who_has_read_it_may_save(admin: Client):
    group = group_of(down=ROUTER)
    read = token(preflight(admin, group))

    answer = admin.post(address(group), stored(group, ha_enabled="on", confirmed=read))

    assert answer.status_code == 302
    group.refresh_from_db()
    assert group.ha_enabled


def test_a_tick_stays_while_the_outlook_is_the_same(admin: Client):
    group = group_of(down=ROUTER)
    read = token(preflight(admin, group))

    assert re.search(r'value="\w+" checked', preflight(admin, group, confirmed=read))
    assert "checked" not in preflight(admin, group, confirmed="other")


def test_what_was_read_before_the_outlook_changed_does_not_count(admin: Client):
    group = group_of(down=ROUTER)
    read = token(preflight(admin, group))
    two = Node.objects.get(name="two")
    two.last_report.document = create_report("two", down=[ROUTER]).to_json()
    two.last_report.save(update_fields=["document"])

    answer = admin.post(address(group), stored(group, ha_enabled="on", confirmed=read))

    assert answer.status_code == 422
    assert 'data-state="running-in-failed-mode"' in answer.content.decode()


def test_a_new_group_is_asked_the_same(admin: Client):
    one, two = pair_of(down=ROUTER)
    draft = {"name": "Tokyo", "server1": one.name, "server2": two.name, "ha_enabled": "on"}
    base = "/system/presence-redundancy-groups/"

    shown = admin.post(f"{base}preflight/", draft).content.decode()
    refused = admin.post(f"{base}add/", draft)
    saved = admin.post(f"{base}add/", {**draft, "confirmed": token(shown)})

    assert refused.status_code == 422
    assert saved.status_code == 302


def test_without_two_nodes_or_without_the_tick_there_is_nothing_to_show(admin: Client):
    group = group_of(down=ROUTER)

    assert preflight(admin, group, server2="").strip() == ""
    untouched = admin.post(address(group, "preflight/"), stored(group)).content.decode()
    assert untouched.strip() == ""


def test_it_is_asked_only_when_high_availability_is_switched_on(admin: Client):
    one, two = pair_of(down=ROUTER)
    states = [NodeState.FAILED_OVER_SERVICES_DOWN, NodeState.BACKUP]
    group = create_group("Tokyo", members=[one, two], states=states)

    answer = admin.post(address(group), stored(group, description="new words"))

    assert answer.status_code == 302


def test_it_then_happens_as_it_was_shown(admin: Client):
    pair = create_sim_pair()
    group = PresenceRedundancyGroup.objects.get(pk=pair.group_id)
    group.ha_enabled = False
    group.save(update_fields=["ha_enabled"])
    pair.run(1)
    pair.lose_service(0)
    pair.run(1)
    group.refresh_from_db()
    shown = preflight(admin, group)
    before = pair.group_version()

    admin.post(address(group), stored(group, ha_enabled="on", confirmed=token(shown)))
    pair.run(4)

    assert re.findall(r'data-rule="([\w-]+)"', shown) == pair.fired(after=before)
    assert f'data-state="{pair.states[0]}"' in shown
    assert f'data-state="{pair.states[1]}"' in shown


def test_failover_says_its_consequences_in_numbers(admin: Client):
    cluster = create_cluster()
    report = create_report("one", sessions=41)
    one = create_node("one", cluster=cluster, report=report, users=60)
    group = create_group(
        "Tokyo", members=[one, create_node("two", cluster=cluster)], states=[NodeState.NORMAL] * 2
    )

    html = admin.get(address(group, f"failover/{one.pk}/")).content.decode()
    words = " ".join(html.split())

    assert "Failover moves 60 users of one to two." in words
    assert "41 sessions on one are disconnected; their clients log in again to two." in words
    assert "Each client waits between 120 and 537 seconds" in words
    assert 'data-rule="take-over-done-idle"' in html
