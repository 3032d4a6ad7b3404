"""axe-core at WCAG 2.2 AA on every page: both languages, both colour schemes, and a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import Visitor
from tests.e2e.pages import SIGN_IN, addresses
from tests.e2e.site import GROUPS, Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(900)]

AXE = (Path(__file__).parent / "axe-core" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
Rules = dict[str, Any]
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 400, "height": 850}
LOOKS = {
    "English": {"locale": "en-US", "color_scheme": "light", "viewport": DESK},
    "Japanese": {"locale": "ja-JP", "color_scheme": "light", "viewport": DESK},
}
UNFOLD = """
() => document.querySelectorAll("details:not(.menu)").forEach((part) => { part.open = true; })
"""
RUN = """
([where, only]) => axe.run(where, {
  runOnly: only, resultTypes: ["violations"], preload: {assets: ["media"]},
})
"""
"""Of what is right no list is made: that is half of the time. Style sheets are read again for
experimental rules alone."""
RESIZED = """
(width) => innerWidth === width
  && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))
"""
"""What listens to a change of size has run before the next frame is drawn."""
ALL = {"type": "tag", "values": RULES}
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""Nothing else differs between the schemes."""
WRONG = """
<img src="/static/img/mark.svg">
<p style="color: #777; background: #888">not to be read</p>
<p><button style="width: 9px; height: 9px; padding: 0">a</button><button
  style="width: 9px; height: 9px; padding: 0">b</button></p>
"""
OF_WIDTH = {"type": "rule", "values": ["scrollable-region-focusable", "target-size"]}
"""Nothing else differs on a phone."""


@pytest.mark.parametrize("look", LOOKS)
def test_every_page(visitor: Visitor, pair: WatchedPair, installation: Installation, look: str):
    site = judge(visitor, **LOOKS[look])
    found = [
        violation
        for name, path in addresses(installation).items()
        for violation in violations_at(site, name, path)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_an_open_menu(visitor: Visitor, look: str):
    site = judge(visitor, **LOOKS[look])
    site.open("/about/")
    # Open, it lies over the page: of that page's targets axe would say that they are covered.
    site.page.locator("details.menu summary").first.click()
    assert not (found := violations_of(site.page, "menu", where=".menubar")), "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_the_sign_in_page(visitor: Visitor, look: str):
    site = judge(visitor, signed_in=False, **LOOKS[look])
    (found,) = [violations_at(site, name, path) for name, path in SIGN_IN.items()]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_a_form_that_was_refused(visitor: Visitor, pair: WatchedPair, look: str):
    site = judge(visitor, **LOOKS[look])
    site.open(f"{GROUPS}add/")
    site.field("name").fill("two words")
    site.page.locator("#group-form").evaluate("form => form.submit()")
    expect(site.errors_at("name")).to_have_count(1)
    assert not (found := violations_of(site.page, "refused")), "\n".join(found)


def test_what_is_wrong_is_found(visitor: Visitor):
    site = judge(visitor, **LOOKS["English"])
    site.open("/about/")
    site.page.locator("main").evaluate(
        "(main, wrong) => main.insertAdjacentHTML('beforeend', wrong)", WRONG
    )
    assert rules_of(violations_of(site.page, "seeded")) >= {"image-alt", "color-contrast"}
    site.page.emulate_media(color_scheme="dark")
    assert rules_of(violations_of(site.page, "seeded", OF_COLOURS)) == {"color-contrast"}
    site.page.set_viewport_size(PHONE)
    assert rules_of(violations_of(site.page, "seeded", OF_WIDTH)) == {"target-size"}


def rules_of(violations: list[str]) -> set[str]:
    return {violation.split(": ")[1].split(" ")[0] for violation in violations}


def judge(visitor: Visitor, **options: Any) -> Site:
    """A visitor with axe at hand on every page: it comes with the page, not with each question."""
    site = visitor(**options)
    site.page.context.add_init_script(AXE)
    return site


def violations_at(site: Site, name: str, path: str) -> list[str]:
    """By all rules, then in the dark by those of colours, then on a phone by those of width."""
    page = site.page
    site.open(path)
    # Parts that are fetched after the page.
    expect(page.locator("[hx-trigger=load], .htmx-request")).to_have_count(0)
    found = violations_of(page, name)
    page.emulate_media(color_scheme="dark")
    found += violations_of(page, f"{name}, dark", OF_COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    page.wait_for_function(RESIZED, arg=PHONE["width"])
    found += violations_of(page, f"{name}, phone", OF_WIDTH)
    page.set_viewport_size(DESK)
    return found


def violations_of(page: Page, name: str, only: Rules = ALL, where: str = "html") -> list[str]:
    """With everything unfolded that can be: what is hidden is not looked at."""
    page.evaluate(UNFOLD)
    result: dict[str, Any] = page.evaluate(RUN, [where, only])
    return [
        f"{name}: {violation['id']} ({violation['help']}): {node['target']} {node['html'][:160]} "
        f"{node['failureSummary'][:300]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
