"""A browser that was away, and two tabs: what is shown is what is so (F30)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CHANGES = 100


def change_a_hundred_times(installation: Installation, pair: WatchedPair) -> None:
    """Each is told to the pages as the engine tells its own."""
    script = (
        "from prg_admin.live.news import announce\n"
        "from prg_admin.topology.models import Node\n"
        f"for number in range({CHANGES}):\n"
        "    Node.objects.filter(name='imp1').update(description=f'change {number}')\n"
        "    announce('nodes', f'node-{Node.objects.get(name=\"imp1\").pk}')\n"
    )
    installation.manage("shell", "-c", script)


def shows(page: Page, text: str) -> None:
    expect(page.locator("tr[data-node='imp1']")).to_contain_text(text)


@pytest.mark.fault("F30")
def test_f30_a_browser_that_slept_through_a_hundred_changes_shows_what_is_so(
    alice: Site, installation: Installation, pair: WatchedPair
):
    page = alice.page
    tab = page.context.new_page()
    for each in (page, tab):
        each.goto(f"{installation.url}/system/servers/")
        expect(each.locator("#live-indicator .live__text--on")).to_be_visible()
    asleep = page.context.new_cdp_session(page)
    asleep.send("Page.setWebLifecycleState", {"state": "frozen"})
    change_a_hundred_times(installation, pair)
    shows(tab, f"change {CHANGES - 1}")
    asleep.send("Page.setWebLifecycleState", {"state": "active"})
    shows(page, f"change {CHANGES - 1}")
    installation.query("update topology_node set description = '' where name = 'imp1'")
