"""Buttons of a group in trouble, in English and Japanese, and pages that are turned.

Pressed in a browser on a real web process; what the engine would do about it is tried elsewhere.
"""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Maintenance, Member
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Cluster
from tests.certificates.conftest import nodes  # noqa: F401 - a fixture
from tests.certificates.movements import create_people, fail_over, newest
from tests.e2e.buttons import Reader
from tests.factories import create_group
from tests.groups.many import create_many_groups
from tests.groups.test_maintenance import have_sessions, switch
from tests.live.browsing import Web
from tests.live.conftest import reader, web, web_process  # noqa: F401 - fixtures
from tests.recovery.agents import SimPair
from tests.recovery.test_acknowledge import waiting_group

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

S = NodeState
MANY = 153
"""Groups, three of them a cluster: two pages of clusters that have a directory or none."""


def open_page(reader: Reader, web: Web, name: str, *args: int) -> None:  # noqa: F811
    reader.open(f"http://127.0.0.1:{web.port}{reverse(name, args=args)}")


def test_a_group_that_failed_is_recovered(web: Web, reader: Reader, pair: SimPair):  # noqa: F811
    assert pair.ask(Action.FAILOVER, 0) is None
    pair.run(1)
    pair.nodes[1].crash()
    pair.run(6)
    assert pair.states == (S.FAILED, S.FAILED)
    backup = Member.objects.get(group=pair.group_id, node__name="b").node_id
    for way in ("Cancel", "State it"):
        open_page(reader, web, "groups:group", pair.group_id)
        reader.page.locator(f"a[href='{reverse('recovery:powered-off', args=[backup])}']").click()
        reader.page.locator("input[name=stated]").check()
        reader.press(f"recovery/powered_off.html: {way}")
        expect(reader.page.locator("#ha")).to_be_visible()
    assert pair.fired()[-1] == "stated-off"
    reader.press("groups/_ha.html: Recover")
    reader.press("groups/group_action.html: Recover")
    expect(reader.page.locator("#ha")).to_be_visible()
    assert pair.fired()[-1] == "recover-asked"


def test_a_held_fallback_is_acknowledged(web: Web, reader: Reader):  # noqa: F811
    group = waiting_group(failovers=2)
    for way in ("Cancel", "Acknowledge"):
        open_page(reader, web, "groups:group", group.pk)
        reader.press("groups/_fallback.html: Acknowledge")
        reader.page.locator("[name=comment]").fill("The switch was replaced")
        reader.press(f"recovery/acknowledge.html: {way}")
        expect(reader.page.locator("#ha")).to_be_visible()
    event = Event.objects.get()
    assert (event.rule, event.comment) == ("acknowledged", "The switch was replaced")


def test_a_maintenance_is_finished(web: Web, reader: Reader):  # noqa: F811
    group = create_group(states=[S.NORMAL, S.NORMAL])
    have_sessions(group, 10, 10)
    open_page(reader, web, "groups:maintenance", group.pk)
    reader.press("groups/_maintenance_step.html: Count now")
    switch(group, on=False, ago=200)
    open_page(reader, web, "groups:maintenance", group.pk)
    reader.press("groups/_maintenance_step.html: The work is done")
    expect(reader.page.locator("[data-stage]").first).to_be_visible()
    assert Maintenance.objects.get().worked_at is not None
    switch(group, on=True)
    open_page(reader, web, "groups:maintenance", group.pk)
    reader.press("groups/maintenance.html: Finish")
    expect(reader.page.locator("#status")).to_be_visible()
    assert not Maintenance.objects.exists()


def test_a_certificate_is_kept_as_a_file(web: Web, reader: Reader, pair: SimPair, nodes):  # noqa: F811
    create_people(ann="a", eve="b")
    nodes.log_in("a", "ann")
    nodes.log_in("b", "eve")
    fail_over(pair)
    ended = newest().ended_id
    for kind in ("csv", "json"):
        open_page(reader, web, "certificates:of-event", ended)
        # The page looks once more when its stream begins; until then a click may be lost.
        expect(reader.page.locator("#live-indicator .live__text--on")).to_be_visible()
        expect(reader.page.locator(".htmx-request")).to_have_count(0)
        with reader.page.expect_download() as coming:
            file = reverse("certificates:download", args=[ended, kind])
            reader.page.locator(f"a[href='{file}']").first.click()
        kept = coming.value
        assert kept.suggested_filename == f"certificate-{ended}.{kind}"
        assert "ann" in kept.path().read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("topology:presence-topology", "topology/presence_topology.html"),
        ("parameters:all-servers", "parameters/all_servers.html"),
        ("users:directory-list", "users/directory_list.html"),
    ],
)
def test_pages_are_turned(web: Web, reader: Reader, name: str, template: str):  # noqa: F811
    create_many_groups(MANY)
    open_page(reader, web, name)
    where = reader.page.locator(".pagination__where").first
    first = where.inner_text()
    reader.press(f"{template}: Next")
    expect(where).not_to_have_text(first)
    reader.press(f"{template}: Previous")
    expect(where).to_have_text(first)


def test_the_task_flow_of_another_cluster_is_gone_to(web: Web, reader: Reader):  # noqa: F811
    create_many_groups(4)
    other = Cluster.objects.get(name="cluster-0001")
    open_page(reader, web, "console:task-flow")
    reader.page.locator("#id_cluster").select_option(str(other.pk))
    reader.press("console/_cluster_chooser.html: Go to the chosen cluster")
    expect(reader.page.locator("#flow-title")).to_contain_text(other.name)
