"""Journeys over parameters, services and servers; see ``test_every_button``."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from prg_admin.domain import catalogue
from tests.e2e.buttons import Hand, pressing
from tests.scenarios.waiting import wait_until

SERVERS = "/system/servers/"
CONTROL = "/serviceability/control-center/network-services/"
ACTIVATION = "/serviceability/service-activation/"
NODE, FREE = "imp7", "imp5"
CLUSTER = "Journey"
SYNC, PROXY = "Cisco Sync Agent", "Cisco SIP Proxy"
SERVER = "select 1 from topology_node where name = %s"
STORED = "select value from parameters_parametervalue where name = %s"


@pressing(
    "parameters/service_parameters.html: Go",
    "parameters/_tools.html: Save | Set to Default | Advanced | Condensed",
    "parameters/_tools.html: Help on all parameters, in a new window",
    "parameters/set_to_default.html: Cancel | Set to Default",
    "parameters/all_servers.html: Go to the chosen service",
    "parameters/enterprise_parameters.html: Go",
)
def parameters_are_changed_and_set_back(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    site.open_parameters("imp1")
    hand.press("parameters/service_parameters.html: Go")
    expect(site.field("service")).to_have_value(catalogue.SRM)
    with page.expect_popup() as opened:
        page.locator("main .tool[target=_blank]").click()
    hand.pressed.add("parameters/_tools.html: Help on all parameters, in a new window")
    expect(opened.value.get_by_role("heading", level=1)).not_to_be_empty()
    opened.value.close()
    hand.press("parameters/_tools.html: Advanced")
    expect(page).to_have_url(re.compile("view=advanced"))
    hand.press("parameters/_tools.html: Condensed")
    wanted = "151" if site.field(catalogue.RE_LOGIN_LOWER).input_value() == "150" else "150"
    site.field(catalogue.RE_LOGIN_LOWER).fill(wanted)
    hand.press("parameters/_tools.html: Save")
    hand.is_told("Update successful")
    assert hand.value(STORED, catalogue.RE_LOGIN_LOWER) == wanted
    before = hand.person.parameters("imp1")
    hand.press("parameters/_tools.html: Set to Default")
    hand.press("parameters/set_to_default.html: Cancel")
    assert hand.person.parameters("imp1") == before
    hand.press("parameters/_tools.html: Set to Default")
    hand.press("parameters/set_to_default.html: Set to Default")
    expect(site.field(catalogue.RE_LOGIN_LOWER)).to_have_value("120")
    hand.person.set_parameters("imp1", {**before, catalogue.RE_LOGIN_LOWER: "120"})
    site.open("/system/service-parameters/all-servers/")
    hand.press("parameters/all_servers.html: Go to the chosen service")
    expect(page.locator("main table, main .empty").first).to_be_visible()
    site.open("/system/enterprise-parameters/")
    if hand.find("parameters/enterprise_parameters.html: Go").is_visible():
        hand.press("parameters/enterprise_parameters.html: Go")
    # With one cluster there is nothing to choose.
    hand.pressed.add("parameters/enterprise_parameters.html: Go")


@pressing(
    "topology/_server_chooser.html: Go to the chosen server",
    "topology/_control_tools.html: Start | Stop | Restart | Refresh Page",
    "topology/service_confirm.html: Stop | Restart | Cancel",
    "topology/_services.html: Start | Stop | Restart",
)
def services_are_stopped_and_started(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    runs = lambda: hand.installation.services(FREE).get(SYNC)  # noqa: E731
    site.open(CONTROL)
    site.field("server").select_option(value=str(hand.installation.node_id(FREE)))
    hand.press("topology/_server_chooser.html: Go to the chosen server")
    chosen = page.locator(f"tr[data-service='{SYNC}'] input[type=radio]")
    hand.press("topology/_control_tools.html: Refresh Page")
    first = runs()
    chosen.check()
    hand.press("topology/_control_tools.html: Stop")
    hand.press("topology/service_confirm.html: Cancel")
    assert runs() == first
    for action in ("Restart", "Stop"):
        chosen.check()
        hand.press(f"topology/_control_tools.html: {action}")
        hand.press(f"topology/service_confirm.html: {action}")
        wait_until(lambda: runs() != first, f"{action} has its effect")
        if action == "Restart":
            wait_until(runs, "it runs again")
    wait_until(lambda: not runs(), "it is stopped")
    chosen.check()
    hand.press("topology/_control_tools.html: Start")
    wait_until(runs, "it runs")
    # The same from the page of the server.
    site.open(f"{SERVERS}{hand.installation.node_id(FREE)}/")
    row = page.locator(f"[data-services-of={FREE}] tr[data-service='{SYNC}']")
    for action in ("Restart", "Stop", "Start"):
        before = runs()
        row.get_by_role("button", name=hand.words(action), exact=True).click()
        hand.pressed.add(f"topology/_services.html: {action}")
        if action != "Start":
            hand.press(f"topology/service_confirm.html: {action}")
        wait_until(lambda: runs() != before, f"{action} has its effect")  # noqa: B023
        if action == "Restart":
            wait_until(runs, "it runs again")
        site.open(f"{SERVERS}{hand.installation.node_id(FREE)}/")


@pressing(
    "topology/_activation_tools.html: Save | Set to Default | Refresh",
    "topology/activation_confirm.html: Save | Cancel",
)
def a_service_is_deactivated_and_activated(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    site.open(f"{ACTIVATION}?server={hand.installation.node_id(FREE)}")
    box = page.locator(f"tr[data-service='{PROXY}'] input[type=checkbox]")
    box.uncheck()
    hand.press("topology/_activation_tools.html: Refresh")
    expect(box).to_be_checked()
    box.uncheck()
    hand.press("topology/_activation_tools.html: Save")
    hand.press("topology/activation_confirm.html: Cancel")
    assert PROXY in hand.installation.services(FREE)
    box.uncheck()
    hand.press("topology/_activation_tools.html: Save")
    hand.press("topology/activation_confirm.html: Save")
    wait_until(lambda: PROXY not in hand.installation.services(FREE), "it is stopped")
    hand.press("topology/_activation_tools.html: Set to Default")
    expect(box).to_be_checked()
    hand.press("topology/_activation_tools.html: Save")
    wait_until(lambda: PROXY in hand.installation.services(FREE), "it runs again")


@pressing(
    "topology/node_list.html: Add New | Select All | Clear All | Delete Selected",
    "topology/node.html: Save | Reset | Add New | Delete",
    "topology/node_delete.html: Cancel | Delete",
    "topology/node_delete_selected.html: Cancel | Delete",
    "topology/node_details.html: Run the tests again",
    "console/troubleshooter.html: Run the tests again",
    "topology/presence_topology.html: Refresh Page",
)
def a_server_comes_and_goes(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    for deletes_from_list in (False, True):
        site.open(SERVERS)
        hand.press("topology/node_list.html: Add New")
        for name, text in (("name", NODE), ("address", "127.0.0.99"), ("port", "7001")):
            site.field(name).fill(text)
        # A cluster of its own: one that holds six servers has no room.
        site.field("cluster").fill(CLUSTER)
        hand.press("topology/node.html: Save")
        hand.is_told("Add successful.")
        assert hand.value(SERVER, NODE)
        if not deletes_from_list:
            _a_server_is_deleted_on_its_page(hand)
    site.open(f"{SERVERS}?text={NODE}")
    boxes = page.locator("tbody input[type=checkbox]")
    hand.press("topology/node_list.html: Select All")
    expect(boxes).to_be_checked()
    hand.press("topology/node_list.html: Clear All")
    expect(boxes).not_to_be_checked()
    for pressed in ("Cancel", "Delete"):
        assert hand.value(SERVER, NODE)
        site.open(f"{SERVERS}?text={NODE}")
        boxes.check()
        hand.press("topology/node_list.html: Delete Selected")
        hand.press(f"topology/node_delete_selected.html: {pressed}")
    wait_until(lambda: not hand.value(SERVER, NODE), "the server is deleted")
    # No page deletes an empty cluster; other tests reckon with one.
    hand.installation.query("delete from topology_cluster where name = %s", CLUSTER)
    site.open(f"{SERVERS}{hand.installation.node_id(FREE)}/details/")
    tests = page.locator("#self-tests [data-outcome]")
    hand.press("topology/node_details.html: Run the tests again")
    expect(tests).to_have_count(16)
    site.open("/diagnostics/system-troubleshooter/")
    hand.press("console/troubleshooter.html: Run the tests again")
    # Every node was asked, and the tests of the cluster as a whole stand above.
    expect(page.locator("[data-tests-of]")).to_have_count(6)
    expect(page.locator("[data-test=users][data-outcome=passed]")).to_have_count(1)
    site.open("/system/presence-topology/")
    hand.press("topology/presence_topology.html: Refresh Page")
    expect(page.locator("[data-node=imp1]")).to_be_visible()


def _a_server_is_deleted_on_its_page(hand: Hand) -> None:
    site = hand.site
    site.field("description").fill("thrown away")
    hand.press("topology/node.html: Reset")
    expect(site.field("description")).to_have_value("")
    hand.press("topology/node.html: Add New")
    expect(site.field("name")).to_have_value("")
    for pressed in ("Cancel", "Delete"):
        assert hand.value(SERVER, NODE)
        site.open(f"{SERVERS}{hand.installation.node_id(NODE)}/")
        hand.press("topology/node.html: Delete")
        hand.press(f"topology/node_delete.html: {pressed}")
    wait_until(lambda: not hand.value(SERVER, NODE), "the server is deleted")
