"""The page of a group while things happen to its nodes: it changes by itself, and it acts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from prg_admin.domain.states import XCP_ROUTER, NodeState
from tests.e2e.site import Shown, Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NORMAL = NodeState.NORMAL.value
BACKUP = NodeState.BACKUP.value
SERVICES_DOWN = NodeState.FAILED_OVER_SERVICES_DOWN.value
MOVING = ("failing-over", "taking-over")


@pytest.fixture
def group_page(alice: Site, pair: WatchedPair) -> Site:
    alice.open_group(pair.group)
    alice.shows(imp1=NORMAL, imp2=NORMAL)
    expect(alice.page.locator("#live-indicator")).to_be_visible()
    return alice


def test_a_killed_service_is_shown_without_a_reload(
    group_page: Site, installation: Installation, pair: WatchedPair
):
    group_page.record()
    installation.kill_service("imp1", XCP_ROUTER)
    group_page.shows(imp1=SERVICES_DOWN, imp2=BACKUP)
    expect(group_page.row("imp2")).to_contain_text("100")
    shown = group_page.recorded()
    assert _in_order(shown, [(NORMAL, NORMAL), MOVING, (SERVICES_DOWN, BACKUP)])
    assert shown[-1] == Shown(
        states=(SERVICES_DOWN, BACKUP),
        assigned=("60", "40"),
        active=("0", "100"),
        reasons=("Critical Service Down", "Critical Service Down"),
        sum="100",
    )
    assert _as_the_command_line_says(group_page, installation, pair)


def test_start_and_fallback_on_the_page_bring_everybody_home(
    group_page: Site, installation: Installation, pair: WatchedPair
):
    installation.kill_service("imp1", XCP_ROUTER)
    group_page.shows(imp1=SERVICES_DOWN, imp2=BACKUP)
    group_page.service("imp1", XCP_ROUTER).get_by_role("button", name="Start").click()
    group_page.shows(imp1="failed-over", imp2=BACKUP)
    group_page.ask_for("Fallback", "imp1")
    group_page.shows(imp1=NORMAL, imp2=NORMAL)
    pair.everybody_is_at_home()
    expect(group_page.page.locator("#ha tfoot")).to_contain_text("100")


def test_failover_on_the_page_makes_the_node_idle(
    group_page: Site, installation: Installation, pair: WatchedPair
):
    group_page.ask_for("Failover", "imp1")
    group_page.shows(imp1="idle", imp2=BACKUP)
    expect(group_page.row("imp1")).to_contain_text("On Admin Request")
    assert installation.services("imp1") == {}
    pair.everybody_is_at("imp2")


def test_a_killed_node_is_shown_as_down(group_page: Site, installation: Installation):
    installation.kill_agent("imp1")
    group_page.shows(imp1="down", imp2=BACKUP)
    expect(group_page.row("imp2")).to_contain_text("Peer Down")
    expect(group_page.page.locator("[data-services-of=imp1]")).to_contain_text("Not reachable")


def test_after_a_restart_of_the_web_server_the_open_page_shows_what_is_so(
    group_page: Site, installation: Installation, pair: WatchedPair
):
    group_page.tolerate("")  # what a browser says about a server that is away
    group_page.record()
    installation.stop("web")
    installation.kill_service("imp1", XCP_ROUTER)
    pair.becomes(
        "Failed Over with Critical Services Not Running",
        "Running in Backup Mode",
        reason="Critical Service Down",
    )
    installation.start("web")
    group_page.shows(imp1=SERVICES_DOWN, imp2=BACKUP)
    assert group_page.recorded(), "the page was loaded anew"


def _in_order(shown: list[Shown], way: list[tuple[str, str]]) -> bool:
    """Along ``way``, first to last; what lies between may be over before it can be shown."""
    seen = [step.states for step in shown]
    places = [way.index(states) for states in seen]
    return places == sorted(places) and seen[0] == way[0] and seen[-1] == way[-1]


def _as_the_command_line_says(site: Site, installation: Installation, pair: WatchedPair) -> bool:
    printed = installation.manage("utils", "ha", "status", pair.group)
    state, reason = pair.states()[0]
    expect(site.row("imp1")).to_contain_text(state)
    expect(site.row("imp1")).to_contain_text(reason)
    return f"Node 1 Name : imp1 State: {state} Reason: {reason}" in printed
