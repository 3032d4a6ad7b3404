"""Journeys over buttons whose words are not in the template; see ``test_every_button``.

Languages are named by themselves, the steps of the task flow name the page they lead to, and the
picture of the past names spans of time.
"""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.buttons import Hand, pressing

LANGUAGE = "_language.html: {{ code|language_name_local|capfirst }}"
STEP = "console/task_flow.html: {{ step.link_text }}"
SPAN = "console/timeline.html: {{ words }}"

OWN_NAMES = {"en": "English", "ja": "日本語"}
STEPS = {
    1: ("Presence Topology", "/system/presence-topology/"),
    2: ("Control Center - Network Services", "/serviceability/control-center/network-services/"),
    3: ("Add New", "/system/presence-redundancy-groups/add/"),
    4: ("Service Parameters", "/system/service-parameters/"),
    5: ("Presence Redundancy Groups", "/system/presence-redundancy-groups/"),
    6: ("Enterprise Parameters", "/system/enterprise-parameters/"),
}
SPANS = {1: "1 hour", 6: "6 hours", 24: "24 hours", 168: "7 days"}
HOUR_S = 3600


@pressing(LANGUAGE)
def the_language_is_switched_and_stays(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    shown, heading = page.locator("html"), page.get_by_role("heading", level=1)
    other = next(code for code in OWN_NAMES if code != hand.language)
    site.open("/about/?kept=yes")
    for language in (other, hand.language):
        hand.press_named(LANGUAGE, OWN_NAMES[language])
        expect(shown).to_have_attribute("lang", language)
        expect(heading).to_have_text(hand.words_in(language, "About"))
        # The page stays the one it was, and so does the language on the next one.
        expect(page).to_have_url(re.compile(r"/about/\?kept=yes$"))
        site.open("/jobs/")
        expect(shown).to_have_attribute("lang", language)
        expect(heading).to_have_text(hand.words_in(language, "Jobs"))
        site.open("/about/?kept=yes")
    chosen = page.locator(".language [aria-current=true]")
    expect(chosen).to_have_text(OWN_NAMES[hand.language])


@pressing(STEP)
def each_step_of_the_task_flow_leads_to_its_page(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    for number, (words, address) in STEPS.items():
        site.open("/task-flow/")
        step = page.locator(f"#step-{number}")
        hand.press_named(STEP, hand.words(words), within=step, among="a.button")
        expect(page).to_have_url(re.compile(re.escape(address) + r"(\?.*)?$"))
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()


@pressing(SPAN)
def the_past_is_shown_as_wide_as_is_asked(hand: Hand) -> None:
    site, page = hand.site, hand.site.page
    group = hand.installation.group_id(hand.pair.group)
    site.open(f"/events/groups/{group}/")
    for hours, words in SPANS.items():
        hand.press_named(SPAN, hand.words(words))
        expect(page).to_have_url(re.compile(rf"\?hours={hours}$"))
        expect(page.locator(".toolbar [aria-current=true]")).to_have_text(hand.words(words))
        picture = page.locator("#timeline[data-drawn]")
        expect(picture).to_be_visible()
        begin, end = map(float, re.findall(r"[\d.]+", picture.get_attribute("data-shown") or ""))
        assert round((end - begin) / HOUR_S) == hours
