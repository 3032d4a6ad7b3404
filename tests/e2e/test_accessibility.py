"""axe-core at WCAG 2.2 AA on every page: both languages, both colour schemes, and a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from tests.e2e.pages import SIGN_IN, addresses
from tests.e2e.site import GROUPS, Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(900)]

AXE = (Path(__file__).parent / "axe-core" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
Rules = dict[str, Any]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 400, "height": 850}
LOOKS = {
    "English, light": {"locale": "en-US", "color_scheme": "light", "viewport": DESK},
    "English, dark": {"locale": "en-US", "color_scheme": "dark", "viewport": DESK},
    "Japanese, light": {"locale": "ja-JP", "color_scheme": "light", "viewport": DESK},
    "English, phone": {"locale": "en-US", "color_scheme": "light", "viewport": PHONE},
}
UNFOLD = """
() => document.querySelectorAll("details:not(.menu)").forEach((part) => { part.open = true; })
"""
RUN = "([where, only]) => axe.run(where, {runOnly: only})"
ALL = {"type": "tag", "values": RULES}
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""Nothing else differs between the schemes."""


@pytest.mark.parametrize("look", LOOKS)
def test_every_page(visitor: Visitor, pair: WatchedPair, installation: Installation, look: str):
    site = visitor(**LOOKS[look])
    only = OF_COLOURS if "dark" in look else ALL
    found = [
        violation
        for name, path in addresses(installation).items()
        for violation in violations_at(site, name, path, only)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_an_open_menu(visitor: Visitor, look: str):
    site = visitor(**LOOKS[look])
    site.open("/about/")
    # Open, it lies over the page: of that page's targets axe would say that they are covered.
    site.page.locator("details.menu summary").first.click()
    assert not (found := violations_of(site.page, "menu", where=".menubar")), "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_the_sign_in_page(visitor: Visitor, look: str):
    site = visitor(signed_in=False, **LOOKS[look])
    (found,) = [violations_at(site, name, path) for name, path in SIGN_IN.items()]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_a_form_that_was_refused(visitor: Visitor, pair: WatchedPair, look: str):
    site = visitor(**LOOKS[look])
    site.open(f"{GROUPS}add/")
    site.field("name").fill("two words")
    site.page.locator("#group-form").evaluate("form => form.submit()")
    expect(site.errors_at("name")).to_have_count(1)
    assert not (found := violations_of(site.page, "refused")), "\n".join(found)


def violations_at(site: Site, name: str, path: str, only: Rules = ALL) -> list[str]:
    site.open(path)
    # Parts that are fetched after the page.
    expect(site.page.locator("[hx-trigger=load], .htmx-request")).to_have_count(0)
    return violations_of(site.page, name, only)


def violations_of(page: Page, name: str, only: Rules = ALL, where: str = "html") -> list[str]:
    """With everything unfolded that can be: what is hidden is not looked at."""
    page.evaluate(UNFOLD)
    page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate(RUN, [where, only])
    return [
        f"{name}: {violation['id']} ({violation['help']}): {node['target']} {node['html'][:160]} "
        f"{node['failureSummary'][:300]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
