"""Find and List, Navigation and Related Links in a real browser, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.live.news import announce
from prg_admin.topology.models import Node
from tests.factories import create_group, create_node
from tests.groups.test_group_browser import LIST, admin, await_live
from tests.live.browsing import Web

__all__ = ["admin"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERVERS = "/system/servers/"


def url(web: Web, path: str) -> str:
    return f"http://127.0.0.1:{web.port}{path}"


@pytest.fixture
def groups(web: Web) -> None:
    create_group("Tokyo", description="east")
    create_group("Kyoto", description="west")
    create_group("Nara", description="west")


@pytest.fixture
def plain(web: Web, groups: None, admin: Page) -> Iterator[Page]:
    """The list of groups in a browser that runs no scripts."""
    context = admin.context.browser.new_context(java_script_enabled=False, locale="en-US")
    context.add_cookies(admin.context.cookies())
    page = context.new_page()
    page.goto(url(web, LIST))
    yield page
    context.close()


def names(page: Page) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


def test_criteria_come_and_go_by_keys_alone(web: Web, groups: None, admin: Page):
    admin.reload()
    admin.get_by_label("Search text").focus()
    admin.keyboard.type("o")
    admin.get_by_label("Operator").select_option("contains")
    admin.get_by_role("button", name="Add a criterion").press("Enter")
    second = admin.get_by_label("Search text").nth(1)
    expect(second).to_be_focused()
    admin.get_by_label("Field").nth(1).select_option("description")
    second.press_sequentially("WEST")
    second.press("Enter")
    expect(admin.locator("#found")).to_have_text("1 record found")
    assert names(admin) == ["Kyoto"]
    admin.get_by_role("button", name="Remove the last criterion").press("Enter")
    expect(admin.locator("#found")).to_have_text("2 records found")
    admin.get_by_role("link", name="Clear Filter").press("Enter")
    expect(admin.locator("#found")).to_have_text("3 records found")


def test_all_of_it_works_without_scripts(web: Web, plain: Page):
    plain.get_by_label("Search text").fill("o")
    plain.get_by_label("Operator").select_option("contains")
    plain.get_by_role("button", name="Add a criterion").click()
    expect(plain.get_by_label("Search text")).to_have_count(2)
    plain.get_by_role("link", name="Name", exact=True).click()
    assert names(plain) == ["Tokyo", "Kyoto"]
    expect(plain.locator("th[aria-sort=descending]")).to_have_text(re.compile("Name"))
    plain.get_by_label("Select Kyoto").check()
    plain.get_by_role("button", name="Delete Selected").first.click()
    plain.get_by_role("button", name="Delete").click()
    expect(plain.get_by_text("1 group deleted.")).to_be_visible()
    assert not PresenceRedundancyGroup.objects.filter(name="Kyoto").exists()


def test_navigation_and_related_links_go_without_scripts(web: Web, plain: Page):
    plain.get_by_label("Navigation").select_option("IM and Presence Administration")
    plain.get_by_role("button", name="Go to the chosen application").click()
    expect(plain).to_have_url(re.compile("/system/service-parameters/"))
    plain.goto(url(web, LIST))
    plain.get_by_role("link", name="Tokyo").click()
    plain.get_by_label("Related Links").select_option("Back to Find/List")
    plain.get_by_role("button", name="Go to the chosen page").click()
    expect(plain).to_have_url(url(web, LIST))


def test_the_file_is_sent_in_the_language_of_the_page(web: Web, groups: None, admin: Page):
    admin.goto(url(web, f"{LIST}?sort=-name"))
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Export as CSV").first.click()
    text = download.value.path().read_text("utf-8")
    assert download.value.suggested_filename == "presence-redundancy-groups.csv"
    assert [line.split(",")[0] for line in text.splitlines()] == [
        "\ufeffName",
        "Tokyo",
        "Nara",
        "Kyoto",
    ]


def test_the_print_view_prints(web: Web, groups: None, admin: Page):
    admin.goto(url(web, f"{LIST}?text=to"))
    admin.get_by_role("link", name="Print View").first.click()
    expect(admin.get_by_text("Name begins with “to”")).to_be_visible()
    admin.evaluate("window.print = () => { document.title = 'printed'; }")
    admin.get_by_role("button", name="Print").click()
    expect(admin).to_have_title("printed")
    admin.get_by_role("link", name="Back to the list").click()
    expect(admin.get_by_label("Search text")).to_have_value("to")


def test_the_list_of_servers_changes_by_itself_and_keeps_selection_and_focus(web: Web, admin: Page):
    node = create_node("imp-1")
    create_node("imp-2")
    admin.goto(url(web, SERVERS))
    await_live(admin)
    admin.get_by_label("Select imp-1").check()
    admin.get_by_role("link", name="imp-2").focus()

    Node.objects.filter(pk=node.pk).update(description="moved to the cellar")
    announce("nodes")

    expect(admin.get_by_text("moved to the cellar")).to_be_visible()
    expect(admin.get_by_label("Select imp-1")).to_be_checked()
    expect(admin.get_by_role("link", name="imp-2")).to_be_focused()
    admin.get_by_role("button", name="Delete Selected").first.click()
    admin.get_by_role("button", name="Delete").click()
    expect(admin.get_by_text("1 server deleted.")).to_be_visible()
    assert list(Node.objects.values_list("name", flat=True)) == ["imp-2"]


def test_menus_open_and_close_by_keys(web: Web, admin: Page):
    menu = admin.locator("details.menu").first
    menu.locator("summary").press("Enter")
    expect(menu.get_by_role("link", name="Server")).to_be_visible()
    admin.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="Server")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
