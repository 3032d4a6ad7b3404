"""Services, activation, node details, topology and the task flow in a real browser.

What a button does is looked for on the node itself: at its processes and in its agent's state file.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Visitor
from tests.e2e.site import Site
from tests.scenarios import waiting
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NETWORK = "/serviceability/control-center/network-services/"
FEATURE = "/serviceability/control-center/feature-services/"
ACTIVATION = "/serviceability/service-activation/"
TOPOLOGY = "/system/presence-topology/"
SYNC, PROXY = "Cisco Sync Agent", "Cisco SIP Proxy"
FREE, SECOND_FREE = "imp5", "imp6"
"""Nodes in no group: what is done to their services moves nobody."""


def open_for(site: Site, installation: Installation, page: str, node: str) -> None:
    site.open(f"{page}?server={installation.node_id(node)}")


def row(site: Site, service: str) -> Locator:
    return site.page.locator(f"tr[data-service='{service}']")


def choose_and_press(site: Site, service: str, button: str) -> None:
    row(site, service).get_by_role("radio").check()
    site.press(button)


def confirm(site: Site, button: str) -> None:
    expect(site.page.get_by_role("heading", name="Confirm")).to_be_visible()
    site.press(button)


def state_of(installation: Installation, node: str) -> dict[str, Any]:
    """What the node's agent keeps on its disk."""
    path = installation.var / "nodes" / node / "state.json"
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def test_stop_start_and_restart_act_on_the_node(
    alice: Site, installation: Installation, pair: WatchedPair
):
    before = installation.services(FREE)[SYNC]
    open_for(alice, installation, NETWORK, FREE)
    choose_and_press(alice, SYNC, "Stop")
    expect(alice.page.locator(".consequence")).to_contain_text("in no presence redundancy group")
    confirm(alice, "Stop")
    alice.says(f"{FREE} stops {SYNC}.")
    expect(row(alice, SYNC)).to_contain_text("Stopped")
    expect(row(alice, SYNC)).to_contain_text("stopped on request")
    assert SYNC not in installation.services(FREE)

    choose_and_press(alice, SYNC, "Start")
    alice.says(f"{FREE} starts {SYNC}.")
    expect(row(alice, SYNC)).to_contain_text("Started")
    again = installation.services(FREE)[SYNC]
    assert again != before

    choose_and_press(alice, SYNC, "Restart")
    confirm(alice, "Restart")
    alice.says(f"{FREE} restarts {SYNC}.")
    waiting.wait_until(
        lambda: installation.services(FREE).get(SYNC) not in (None, again), "another process runs"
    )
    log = installation.query(
        "select action from audit_entry where name = %s order by id", f"{SYNC} ({FREE})"
    )
    assert [entry["action"] for entry in log][-3:] == ["stopped", "started", "restarted"]


def test_what_a_stop_would_lead_to_is_told_in_numbers(
    alice: Site, installation: Installation, pair: WatchedPair
):
    open_for(alice, installation, FEATURE, "imp1")
    choose_and_press(alice, PROXY, "Stop")
    told = alice.page.locator(".consequence")
    expect(told).to_contain_text("Critical Service Delay (2 s)")
    expect(told).to_contain_text("60 users of imp1 are moved to imp2")
    alice.page.get_by_role("link", name="Cancel").click()
    expect(alice.page).to_have_url(re.compile(re.escape(FEATURE)))
    assert PROXY in installation.services("imp1")


def test_refresh_page_and_a_button_without_a_choice(
    alice: Site, installation: Installation, pair: WatchedPair
):
    open_for(alice, installation, NETWORK, FREE)
    alice.press("Stop")
    alice.says("No service is chosen")
    alice.page.get_by_role("link", name="Refresh Page").first.click()
    alice.says("Status: Ready")


def test_the_open_page_shows_what_happens_and_keeps_the_choice(
    alice: Site, installation: Installation, pair: WatchedPair
):
    open_for(alice, installation, FEATURE, FREE)
    row(alice, "Cisco Presence Engine").get_by_role("radio").check()
    installation.kill_service(FREE, PROXY)
    expect(row(alice, PROXY)).to_contain_text("ended by SIGKILL")
    expect(row(alice, "Cisco Presence Engine").get_by_role("radio")).to_be_checked()
    choose_and_press(alice, PROXY, "Start")
    expect(row(alice, PROXY)).to_contain_text("Started")


def test_a_service_is_deactivated_for_good_and_activated_again(
    alice: Site, installation: Installation, pair: WatchedPair
):
    open_for(alice, installation, ACTIVATION, FREE)
    row(alice, PROXY).get_by_role("checkbox").uncheck()
    alice.save()
    expect(alice.page.locator(".consequence")).to_be_visible()
    confirm(alice, "Save")
    alice.says(f"Deactivated: {PROXY}.")
    expect(row(alice, PROXY).get_by_role("checkbox")).not_to_be_checked()
    assert state_of(installation, FREE)["deactivated"] == [PROXY]
    waiting.wait_until(lambda: PROXY not in installation.services(FREE), "it is stopped")

    installation.restart(FREE)
    open_for(alice, installation, FEATURE, FREE)
    expect(row(alice, "Cisco Presence Engine")).to_contain_text("Started")
    expect(row(alice, PROXY)).to_contain_text("Service Not Activated")
    expect(row(alice, PROXY).get_by_role("radio")).to_have_count(0)
    assert PROXY not in installation.services(FREE)

    open_for(alice, installation, ACTIVATION, FREE)
    alice.page.get_by_role("link", name="Set to Default").first.click()
    expect(row(alice, PROXY).get_by_role("checkbox")).to_be_checked()
    alice.save()
    alice.says(f"Activated: {PROXY}")
    waiting.wait_until(lambda: PROXY in installation.services(FREE), "it runs again")
    assert state_of(installation, FREE)["deactivated"] == []


def test_check_all_services_ticks_all_that_are_installed(
    alice: Site, installation: Installation, pair: WatchedPair
):
    open_for(alice, installation, ACTIVATION, FREE)
    boxes = alice.page.get_by_role("checkbox")
    for box in boxes.all():
        box.uncheck()
    alice.page.get_by_role("link", name="Check All Services").click()
    expect(alice.page.locator("input[type=checkbox]:not(:checked)")).to_have_count(0)
    alice.page.get_by_role("link", name="Refresh", exact=True).first.click()
    expect(row(alice, PROXY).get_by_role("checkbox")).to_be_checked()


def test_a_node_that_does_not_answer_is_told_on_every_page(
    alice: Site, installation: Installation, pair: WatchedPair
):
    open_for(alice, installation, ACTIVATION, SECOND_FREE)
    installation.stop(SECOND_FREE)
    try:
        row(alice, PROXY).get_by_role("checkbox").uncheck()
        alice.save_in_vain(status=422)
        alice.says("The connection to the server cannot be established.")
        expect(row(alice, PROXY).get_by_role("checkbox")).not_to_be_checked()
        open_for(alice, installation, NETWORK, SECOND_FREE)
        expect(alice.page.locator("#service-table")).to_contain_text("cannot be reached")
        expect(row(alice, SYNC)).to_contain_text("Unknown")
        alice.open(TOPOLOGY)
        leaf = alice.page.locator(f"[data-node={SECOND_FREE}]")
        expect(leaf).to_contain_text("Unknown")
        expect(leaf.locator(".alarm")).to_be_visible()
    finally:
        installation.start(SECOND_FREE)
    expect(leaf).to_contain_text("Reachable")
    expect(leaf.locator(".alarm")).to_have_count(0)


def test_the_self_tests_run_and_lead_to_what_fixes_a_problem(
    alice: Site, installation: Installation, pair: WatchedPair
):
    alice.open("/system/servers/")
    alice.page.get_by_role("link", name="imp1", exact=True).click()
    alice.page.locator("#node-live").get_by_role("link", name="Presence Server Status").click()
    tests = alice.page.locator("#self-tests")
    expect(tests.locator("[data-outcome]")).to_have_count(16)
    for test in ("agent", "certificate", "clock", "replication", "services", "heard-by-peer"):
        expect(tests.locator(f"[data-test={test}]")).to_have_attribute("data-outcome", "passed")

    alice.open(f"/system/servers/{installation.node_id(FREE)}/details/")
    installation.kill_service(FREE, SYNC)
    alice.page.get_by_role("link", name="Run the tests again").first.click()
    services = alice.page.locator("[data-test=services]")
    expect(services).to_have_attribute("data-outcome", "failed")
    expect(services).to_contain_text(f"Not running: {SYNC}.")
    services.get_by_role("link", name="fix").click()
    choose_and_press(alice, SYNC, "Start")
    expect(row(alice, SYNC)).to_contain_text("Started")


def test_the_topology_leads_from_the_tree_to_a_node(
    alice: Site, installation: Installation, pair: WatchedPair
):
    alice.open(TOPOLOGY)
    first = alice.page.locator("[data-group=DefaultCUPSubcluster]")
    expect(first.locator("[data-node]")).to_have_count(2)
    expect(first.locator("[data-users='60']")).to_be_visible()
    alice.page.get_by_role("link", name="view imp1").click()
    expect(alice.page.get_by_role("heading", level=1)).to_contain_text("Node Details of imp1")


def test_the_task_flow_judges_the_cluster_and_measures_its_links(
    alice: Site, installation: Installation, pair: WatchedPair
):
    alice.open("/task-flow/")
    for step, mark in ((1, "done"), (2, "done"), (3, "open"), (4, "attention"), (5, "done")):
        at = alice.page.locator(f"[data-step='{step}']")
        expect(at).to_have_attribute("data-mark", mark)
    expect(alice.page.locator("[data-step='3']")).to_contain_text("in no group: imp5, imp6")
    alice.press("Measure now")
    alice.says("6 links are being measured.")
    expect(alice.page.locator("[data-enough=yes]")).to_have_count(6)
    rows = installation.query("select mbps, rtt_ms, error from topology_linkmeasure")
    assert len(rows) == 6
    assert all(r["mbps"] > 10 and 0 < r["rtt_ms"] < 80 and not r["error"] for r in rows)
    alice.page.locator("[data-step='3']").get_by_role("link", name="Add New").first.click()
    expect(alice.page.locator("#group-form")).to_be_visible()


def test_a_service_that_falls_shows_in_the_open_task_flow(
    alice: Site, installation: Installation, pair: WatchedPair
):
    alice.open("/task-flow/")
    services = alice.page.locator("[data-step='2']")
    expect(services).to_have_attribute("data-mark", "done")
    installation.kill_service(FREE, SYNC)
    expect(services).to_contain_text(f"Not yet: not running on {FREE}: {SYNC}.")
    services.get_by_role("link", name="Control Center - Network Services").first.click()
    choose_and_press(alice, SYNC, "Start")
    expect(row(alice, SYNC)).to_contain_text("Started")


def test_the_tools_work_without_javascript(
    visitor: Visitor, installation: Installation, pair: WatchedPair
):
    plain = visitor(java_script_enabled=False)
    plain.open(NETWORK)
    plain.field("server").select_option(label=f"{FREE} (demo)")
    plain.page.locator("#server-chooser").get_by_role("button").click()
    choose_and_press(plain, SYNC, "Restart")
    before = installation.services(FREE)[SYNC]
    confirm(plain, "Restart")
    plain.says(f"{FREE} restarts {SYNC}.")
    waiting.wait_until(
        lambda: installation.services(FREE).get(SYNC) not in (None, before), "another process runs"
    )
    plain.open(f"/system/servers/{installation.node_id('imp1')}/details/")
    plain.page.get_by_role("link", name="Run the tests", exact=True).click()
    expect(plain.page.locator("[data-test=agent]")).to_have_attribute("data-outcome", "passed")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (NETWORK, "コントロールセンター"),
        (FEATURE, "コントロールセンター"),
        (ACTIVATION, "アクティブ化"),
        (TOPOLOGY, "トポロジ"),
        ("/task-flow/", "プレゼンス冗長グループのタスク フロー"),
        ("/system/service-parameters/all-servers/", "すべてのサーバのパラメータ"),
    ],
)
def test_every_page_speaks_japanese(
    visitor: Visitor, installation: Installation, pair: WatchedPair, path: str, words: str
):
    japanese = visitor(locale="ja-JP")
    open_for(japanese, installation, path, "imp1")
    expect(japanese.page.locator("html")).to_have_attribute("lang", "ja")
    expect(japanese.page.get_by_role("heading", level=1)).to_contain_text(words)
