"""Every page: no error in the console, nothing that a strict content security policy forbids.

With PRG_WRITE_SCREENS=1 the pictures in ``docs/screens`` are taken anew.
"""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, Route, expect

from prg_admin.launcher.config import ROOT
from tests.e2e.conftest import Visitor
from tests.e2e.pages import addresses
from tests.e2e.pictures import take
from tests.e2e.site import Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SCREENS = ROOT / "docs" / "screens"
STRICT = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
NARROW = {"width": 400, "height": 900}

OVERFLOWING = """
() => [...document.querySelectorAll("table.data :is(tbody, tfoot) :is(td, th)")]
  .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
  .map((cell) => cell.innerText)
"""
"""What is written over the neighbouring cell."""

TOOLS = """
() => [".toolbar", ".foot"].map((bar) =>
  [...document.querySelectorAll(`${bar} :is(a, button)`)].map((tool) => tool.innerText.trim()))
"""
VIEWS = {"events-picture"}
"""What stands in their tool bar are spans of time to look at, not tools."""

Paths = dict[str, str]


@pytest.fixture
def paths(installation: Installation, pair: WatchedPair) -> Paths:
    """Where the pages are, by the names of their pictures."""
    return addresses(installation)


def test_every_page_is_shown_under_a_strict_policy(alice: Site, pair: WatchedPair, paths: Paths):
    _be_strict(alice.page)
    for name, path in paths.items():
        _visit(alice, path)
        toolbar, foot = alice.page.evaluate(TOOLS)
        assert name in VIEWS or set(toolbar) <= set(foot), f"{name}: {toolbar} but {foot}"
        _take(alice.page, name)


def test_the_sign_in_page_is_shown_under_a_strict_policy(site: Site):
    _be_strict(site.page)
    _visit(site, "/login/")
    _take(site.page, "login")


def test_a_failed_over_pair_is_shown(
    alice: Site, pair: WatchedPair, installation: Installation, visitor: Visitor, paths: Paths
):
    _be_strict(alice.page)
    installation.kill_service("imp1")
    alice.open_group(pair.group)
    alice.shows(imp1="failed-over-services-not-running", imp2="running-in-backup-mode")
    pair.everybody_is_at("imp2")
    _visit(alice, paths["group-normal"])
    _take(alice.page, "group")
    dark = visitor(color_scheme="dark", viewport={"width": 1280, "height": 900})
    _visit(dark, paths["group-normal"])
    _take(dark.page, "group-dark")
    japanese = visitor(locale="ja-JP", viewport={"width": 1280, "height": 900})
    _visit(japanese, paths["group-normal"])
    expect(japanese.page.locator("html")).to_have_attribute("lang", "ja")
    _take(japanese.page, "group-japanese")


def test_no_page_is_wider_than_a_phone(visitor: Visitor, pair: WatchedPair, paths: Paths):
    phone = visitor(viewport=NARROW)
    for name, path in paths.items():
        _visit(phone, path)
        width = phone.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], f"{name} is {width} pixels wide"
        assert not (cells := phone.page.evaluate(OVERFLOWING)), f"{name}: {cells}"
        if name == "group-normal":
            # Who looks at a group on a phone wants this button, not to look for it at the side.
            button = phone.row("imp1").get_by_role("link", name="Failover")
            box = button.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= NARROW["width"]
            _take(phone.page, "group-narrow")


def _visit(site: Site, path: str) -> None:
    site.open(path)
    expect(site.page.get_by_role("heading", level=1)).not_to_be_empty()
    # Parts that are fetched after the page, and the stream of news.
    expect(site.page.locator("[hx-trigger=load], .htmx-request")).to_have_count(0)
    if site.page.locator("body").get_attribute("data-live-topics"):
        expect(site.page.locator("#live-indicator")).to_be_visible()


def _be_strict(page: Page) -> None:
    """The documents come with a policy that allows nothing inline; a violation is an error."""
    page.route(lambda _url: True, _with_policy)


def _with_policy(route: Route) -> None:
    if route.request.resource_type != "document":
        route.continue_()
        return
    response = route.fetch()
    headers = {**response.headers, "content-security-policy": STRICT}
    route.fulfill(response=response, headers=headers)


def _take(page: Page, name: str) -> None:
    if os.environ.get("PRG_WRITE_SCREENS") == "1":
        take(page, SCREENS / f"{name}.png")
