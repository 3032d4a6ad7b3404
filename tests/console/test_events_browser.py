"""The picture of a group's past in a real browser, under a policy that forbids inline code."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils.timezone import now
from playwright.sync_api import Page, Route, expect

from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery.models import Event, RoundTrip
from tests.factories import create_cluster, create_group, create_node
from tests.live.browsing import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
STEPS = (
    (300, ("normal", "normal"), ("failing-over", "taking-over")),
    (298, ("failing-over", "taking-over"), ("failed-over", "running-in-backup-mode")),
    (120, ("failed-over", "running-in-backup-mode"), ("falling-back", "taking-back")),
    (118, ("falling-back", "taking-back"), ("normal", "normal")),
    (20, ("normal", "normal"), ("down", "running-in-failed-mode")),
)
COLOURS = """
() => [...document.querySelectorAll("#timeline canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(data.buffer).filter((pixel) => pixel >>> 24 === 255);
  return new Set(pixels).size;
})
"""
"""How many different colours each canvas shows."""


@pytest.fixture
def tokyo(web: Web) -> PresenceRedundancyGroup:
    """A group with a day full of trouble."""
    cluster = create_cluster()
    members = [create_node(name, cluster=cluster) for name in ("imp1", "imp2.tokyo.example")]
    group = create_group("Tokyo", members=members, states=[NodeState.DOWN, NodeState.FAILED])
    for number, (minutes, was, became) in enumerate(STEPS, start=2):
        Event.objects.create(
            at=now() - timedelta(minutes=minutes),
            group=group,
            group_name=group.name,
            rule="failover-asked",
            actor="alice",
            epoch=number,
            version=number,
            before=_document(members, was),
            after=_document(members, became),
            values={"node": "imp1"},
        )
    minute = now().replace(second=0, microsecond=0)
    RoundTrip.objects.bulk_create(
        RoundTrip(node=node, at=minute - timedelta(minutes=m), rtt_ms=_rtt(i, m))
        for i, node in enumerate(members)
        for m in range(360)
    )
    return group


def _document(members, states) -> list[dict[str, str]]:
    return [
        {"node": node.name, "state": s, "reason": "peer-down", "target": "own", "ordered": "own"}
        for node, s in zip(members, states, strict=True)
    ]


def _rtt(which: int, minutes: int) -> float | None:
    return None if which == 0 and minutes < 20 else 1 + which * 2 + (minutes * 7 % 13) / 5


@pytest.fixture
def alice(page: Page, web: Web) -> Page:
    _, _, session = web.cookie.partition("=")
    address = f"http://127.0.0.1:{web.port}"
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}
    page.context.add_cookies([cookie])
    page.set_default_timeout(20_000)

    def under_policy(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, headers={**answer.headers, "content-security-policy": POLICY}
        )

    page.route(re.compile(r".*/events/.*"), under_policy)
    return page


def open_timeline(page: Page, web: Web, group: PresenceRedundancyGroup, query: str = "") -> None:
    page.goto(f"http://127.0.0.1:{web.port}/events/groups/{group.pk}/{query}")
    expect(page.locator("#timeline[data-drawn]")).to_be_visible()


def test_bands_and_heartbeats_are_drawn(alice: Page, web: Web, tokyo):
    open_timeline(alice, web, tokyo, "?hours=6")
    expect(alice.locator("#timeline canvas")).to_have_count(2)
    drawn = alice.evaluate(COLOURS)
    assert all(colours > 5 for colours in drawn)
    expect(alice.locator("#states tbody tr")).to_have_count(12)


def test_the_pointer_is_told_in_words(alice: Page, web: Web, tokyo):
    open_timeline(alice, web, tokyo, "?hours=6")
    box = alice.locator("#timeline .u-over").first.bounding_box()
    alice.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 10)
    told = alice.locator(".timeline__readout")
    expect(told).to_contain_text("imp1: ↷ Failed Over (Peer Down), ")
    expect(told).to_contain_text("imp2.tokyo.example: ⇄ Running in Backup Mode")
    alice.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + 10)
    expect(told).to_contain_text("imp1: ✗ Down (Peer Down), no answer")


@pytest.mark.parametrize(
    ("language", "form"), [("en", "%b %d, %Y %H:%M:%S"), ("ja", "%Y/%m/%d %H:%M:%S")]
)
def test_the_picture_tells_times_as_the_tables_do(
    alice: Page, web: Web, tokyo, language: str, form: str
):
    """In the zone and the language of the reader."""
    cookies = {"prg_time_zone": "Asia/Tokyo", settings.LANGUAGE_COOKIE_NAME: language}
    address = f"http://127.0.0.1:{web.port}"
    alice.context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
    open_timeline(alice, web, tokyo, "?hours=6")
    box = alice.locator("#timeline .u-over").first.bounding_box()
    alice.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    told = alice.locator(".timeline__readout")
    expect(told).to_contain_text("imp1")
    middle = now().astimezone(ZoneInfo("Asia/Tokyo")) - timedelta(hours=3)
    in_table = alice.locator("#states tbody time").first
    said, shown = (
        datetime.strptime(text, form).replace(tzinfo=middle.tzinfo)
        for text in (told.inner_text().split(" · ")[0], in_table.inner_text())
    )
    assert abs(said - middle) < timedelta(minutes=10)
    assert shown == datetime.fromisoformat(in_table.get_attribute("datetime")).replace(
        microsecond=0
    )


def shown(page: Page) -> float:
    begin, end = page.locator("#timeline").get_attribute("data-shown").split("-")
    return (int(end) - int(begin)) / 3600


def test_one_zooms_with_the_keyboard(alice: Page, web: Web, tokyo):
    open_timeline(alice, web, tokyo, "?hours=6")
    for name, hours in (("Zoom in", 3), ("Zoom in", 1.5), ("Zoom out", 3), ("Whole time", 6)):
        alice.get_by_role("button", name=name).press("Enter")
        assert shown(alice) == pytest.approx(hours, abs=0.01)


def test_other_times_are_links(alice: Page, web: Web, tokyo):
    open_timeline(alice, web, tokyo)
    alice.get_by_role("link", name="1 hour", exact=True).click()
    alice.get_by_role("link", name="Earlier").click()
    expect(alice).to_have_url(re.compile(r"hours=1&until=\d+"))
    expect(alice.locator("#states")).to_contain_text("Falling Back")
    alice.get_by_role("link", name="Now").click()
    expect(alice.locator("#states")).not_to_contain_text("Falling Back")
    expect(alice.locator("#states")).to_contain_text("Running in Failed Mode")


def test_an_event_opens_to_its_explanation(alice: Page, web: Web, tokyo):
    alice.goto(f"http://127.0.0.1:{web.port}/events/?field=group&operator=is-exactly&text=tokyo")
    expect(alice.locator("#events tbody tr")).to_have_count(len(STEPS))
    alice.locator("#events details").first.locator("summary").click()
    expect(alice.locator("#events details[open]")).to_contain_text("What it looked at")
    alice.locator("#events tbody th a").first.click()
    expect(alice.get_by_role("heading", name="Event of Tokyo")).to_be_visible()
