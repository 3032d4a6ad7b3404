"""Journeys over groups, lists, the frame and the past; see ``test_every_button``."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.e2e.buttons import Hand, pressing
from tests.e2e.site import GROUPS
from tests.scenarios.waiting import wait_until

USERS = "/user-management/assign-presence-users/"
NEW, COPY, FREE = "Berlin", "Berlin-copy", "imp5"
GROUP = "select 1 from groups_presenceredundancygroup where name = %s"


@pressing(
    "groups/group_list.html: Add New",
    "groups/group.html: Save | Reset | Copy | Add New | Delete",
    "groups/group_delete.html: Cancel | Delete",
)
def a_group_comes_and_goes(hand: Hand) -> None:
    site = hand.site
    site.open(GROUPS)
    hand.press("groups/group_list.html: Add New")
    site.field("name").fill(NEW)
    site.field("server1").select_option(FREE)
    hand.press("groups/group.html: Save")
    hand.is_told("Add successful.")
    assert hand.value(GROUP, NEW)
    site.field("description").fill("thrown away")
    hand.press("groups/group.html: Reset")
    expect(site.field("description")).to_have_value("")
    hand.press("groups/group.html: Copy")
    expect(site.field("name")).to_have_value(COPY)
    hand.press("groups/group.html: Reset")
    site.open_group(NEW)
    hand.press("groups/group.html: Add New")
    expect(site.field("name")).to_have_value("")
    site.open_group(NEW)
    hand.press("groups/group.html: Delete")
    hand.press("groups/group_delete.html: Cancel")
    assert hand.value(GROUP, NEW)
    site.open_group(NEW)
    hand.press("groups/group.html: Delete")
    hand.press("groups/group_delete.html: Delete")
    wait_until(lambda: not hand.value(GROUP, NEW), "the group is deleted")


@pressing(
    "_find.html: Find | Clear Filter | Add a criterion | Remove the last criterion",
    "_find_tools.html: Export as CSV | Print View",
    "print.html: Print",
    "groups/group_list.html: Select All | Clear All | Delete Selected",
)
def a_list_is_searched_and_groups_are_deleted(hand: Hand) -> None:
    hand.person.add_group(NEW, FREE)
    site, page = hand.site, hand.site.page
    site.open(GROUPS)
    texts, boxes = page.locator("input[name=text]"), page.locator("tbody input[type=checkbox]")
    texts.fill("Ber")
    hand.press("_find.html: Find")
    expect(boxes).to_have_count(1)
    hand.press("_find.html: Add a criterion")
    expect(texts).to_have_count(2)
    hand.press("_find.html: Remove the last criterion")
    expect(texts).to_have_count(1)
    hand.press("_find.html: Clear Filter")
    expect(boxes).to_have_count(3)
    texts.fill("Ber")
    hand.press("_find.html: Find")
    with page.expect_download() as coming:
        hand.press("_find_tools.html: Export as CSV")
    lines = coming.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0].startswith(hand.words("Name"))
    assert [line.partition(",")[0] for line in lines[1:]] == [NEW]
    hand.press("_find_tools.html: Print View")
    page.evaluate("window.print = () => { window.printed = true; }")
    hand.press("print.html: Print")
    assert page.evaluate("window.printed")
    page.go_back()
    hand.press("groups/group_list.html: Select All")
    expect(boxes).to_be_checked()
    hand.press("groups/group_list.html: Clear All")
    expect(boxes).not_to_be_checked()
    hand.press("groups/group_list.html: Select All")
    hand.press("groups/group_list.html: Delete Selected")
    # The page that asks is that of a group's own deletion.
    page.locator("main form button[type=submit]").last.click()
    wait_until(lambda: not hand.value(GROUP, NEW), "the group is deleted")


@pressing(
    "_found_pages.html: First | Previous | Go | Next | Last",
    "users/user_list.html: Select All | Clear All",
)
def pages_of_a_list_are_turned(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    site.open(f"{USERS}?rows=10")
    number = page.locator("#page-number")
    expect(number).to_have_value("1")
    hand.press("_found_pages.html: Next")
    expect(number).to_have_value("2")
    hand.press("_found_pages.html: Last")
    last = number.input_value()
    assert int(last) > 2
    hand.press("_found_pages.html: Previous")
    expect(number).to_have_value(str(int(last) - 1))
    hand.press("_found_pages.html: First")
    number.fill("2")
    hand.press("_found_pages.html: Go")
    expect(number).to_have_value("2")
    ticked = page.locator("tbody input[type=checkbox]:checked")
    hand.press("users/user_list.html: Select All")
    expect(ticked).to_have_count(10)
    hand.press("users/user_list.html: Clear All")
    expect(ticked).to_have_count(0)


@pressing(
    "_navigation.html: Go to the chosen application",
    "_related.html: Go to the chosen page",
    "accounts/_session.html: Stay signed in | Sign in again | Back to the page",
    "base.html: Log out",
    "accounts/login.html: Sign in",
)
def the_frame_leads_on_and_a_person_leaves_and_comes_back(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    site.sign_in()  # a session of its own, which ends here
    page.locator("#navigation-to").select_option(index=1)
    hand.press("_navigation.html: Go to the chosen application")
    expect(page).to_have_url(re.compile("/system/service-parameters/"))
    site.open(f"{GROUPS}add/")
    hand.press("_related.html: Go to the chosen page")
    expect(page).to_have_url(re.compile(f"{GROUPS}$"))
    _the_session_has_left(hand, 60)
    with page.expect_response("**/session/stay/") as answered:
        hand.press("accounts/_session.html: Stay signed in")
    assert answered.value.ok
    page.reload()
    _the_session_has_left(hand, 0)
    with page.expect_popup() as opened:
        hand.press("accounts/_session.html: Sign in again")
    opened.value.close()
    hand.press("accounts/_session.html: Back to the page")
    expect(page.locator("#session-ended")).not_to_be_visible()
    page.unroute_all()
    page.reload()
    before = hand.value("select count(*) from django_session")
    hand.press("base.html: Log out")
    expect(page.locator("#login-form")).to_be_visible()
    assert hand.value("select count(*) from django_session") == int(str(before)) - 1
    site.field("username").fill("admin")
    site.field("password").fill("wrong")
    hand.site.tolerate("status of 422")
    hand.press("accounts/login.html: Sign in")
    expect(page.locator("#login-form")).to_be_visible()
    site.sign_in()
    expect(page.locator("#main")).to_be_visible()


def _the_session_has_left(hand: Hand, seconds: int) -> None:
    """The page is told so when it looks, and looks."""
    page = hand.site.page
    token = page.evaluate("JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRFToken']")
    state = {"left": seconds, "token": token}
    page.route("**/account/session/", lambda route: route.fulfill(json=state))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pressing(
    "groups/_server_action.html: Failover | Fallback",
    "groups/group_action.html: Cancel | Failover | Fallback",
)
def users_fail_over_and_fall_back(hand: Hand) -> None:
    pair = hand.pair
    hand.site.open_group(pair.group)
    hand.press("groups/_server_action.html: Failover")
    hand.press("groups/group_action.html: Cancel")
    assert hand.pair.states()[0][0] == "Normal"
    hand.press("groups/_server_action.html: Failover")
    hand.press("groups/group_action.html: Failover")
    pair.becomes("Idle", "Running in Backup Mode", reason="On Admin Request")
    hand.site.open_group(pair.group)
    hand.press("groups/_server_action.html: Fallback")
    hand.press("groups/group_action.html: Fallback")
    pair.becomes_normal()


@pressing(
    "groups/_maintenance_step.html: Count now",
    "groups/maintenance.html: Give up the maintenance",
)
def a_maintenance_is_begun_and_given_up(hand: Hand) -> None:
    counted = "select 1 from groups_maintenance where group_id = %s"
    group = hand.installation.group_id(hand.pair.group)
    hand.site.open(f"{GROUPS}{group}/maintenance/")
    hand.press("groups/_maintenance_step.html: Count now")
    hand.is_told("Users and sessions were counted.")
    assert hand.value(counted, group)
    hand.press("groups/maintenance.html: Give up the maintenance")
    hand.is_told("The maintenance is over.")
    assert not hand.value(counted, group)


@pressing(
    "console/timeline.html: Show | Earlier | Later | Now",
    "console/timeline.html: Zoom in | Zoom out | To the left | To the right | Whole time",
    "console/task_flow.html: Measure now",
)
def the_past_is_looked_at(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    group = hand.installation.group_id(hand.pair.group)
    site.open(f"/events/groups/{group}/?hours=6")
    picture = page.locator("#timeline[data-drawn]")
    expect(picture).to_be_visible()
    whole = picture.get_attribute("data-shown") or ""
    for way in ("Zoom in", "To the left", "To the right", "Zoom out", "Zoom in"):
        before = picture.get_attribute("data-shown")
        hand.press(f"console/timeline.html: {way}")
        expect(picture).not_to_have_attribute("data-shown", before or "")
    hand.press("console/timeline.html: Whole time")
    expect(picture).to_have_attribute("data-shown", whole)
    for way in ("Earlier", "Earlier", "Later"):
        before_url = page.url
        hand.press(f"console/timeline.html: {way}")
        expect(page).not_to_have_url(before_url)
    hand.press("console/timeline.html: Now")
    page.locator("#span-from").fill("2026-01-01 00:00")
    page.locator("#span-to").fill("2026-01-01 06:00")
    hand.press("console/timeline.html: Show")
    expect(picture).to_have_attribute("data-shown", re.compile("^1767"))
    site.open("/task-flow/")
    asked = datetime.now(UTC)
    hand.press("console/task_flow.html: Measure now")
    measured = "select count(*) from topology_linkmeasure where measured_at > %s"
    wait_until(lambda: hand.value(measured, asked) == 6, "all links are measured")
