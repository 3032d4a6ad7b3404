"""Signing in, roles and the end of the session, in a real browser on a real web process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Page, expect

from prg_admin.accounts.idle import SEEN
from prg_admin.accounts.models import Role, User
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.live.news import announce
from tests.factories import create_cluster, create_group, create_node
from tests.live.browsing import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "Wonderland-1"
GROUPS = "/system/presence-redundancy-groups/"


@pytest.fixture(autouse=True)
def refusals(page: Page, console_errors: list[str]) -> Iterator[None]:
    """The browser writes answers of 401, 403 and 422 to its console; here they are intended."""
    yield
    expected = re.compile(r"status of (401|403|422)|Status Error Code 40[13]")
    console_errors[:] = [error for error in console_errors if not expected.search(error)]


@pytest.fixture
def alice(page: Page, web: Web) -> Page:
    """A browser in which Alice is signed in."""
    _, _, session = web.cookie.partition("=")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url(web)}
    page.context.add_cookies([cookie])
    page.set_default_timeout(20_000)
    return page


def url(web: Web, path: str = "") -> str:
    return f"http://127.0.0.1:{web.port}{path}"


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def leave_alone(minutes: float) -> None:
    """As if nobody had done anything for so long."""
    for row in Session.objects.all():
        data = row.get_decoded()
        data[SEEN] -= minutes * 60
        row.session_data = Session.objects.encode(data)
        row.expire_date = now() + timedelta(minutes=30 - minutes)
        row.save()


def open_form(page: Page, web: Web) -> None:
    cluster = create_cluster("tokyo")
    for name in ("imp-1", "imp-2"):
        create_node(name, cluster=cluster)
    page.goto(url(web, f"{GROUPS}add/"))


def fill(page: Page) -> None:
    page.get_by_label("Name").fill("Tokyo")
    page.get_by_label("Description").fill("東京の組")
    page.get_by_label("Presence Server (first)").select_option("imp-1")


def look(page: Page) -> None:
    """What a tab does when somebody comes back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_signing_in_with_a_mistake_first(page: Page, web: Web):
    page.goto(url(web, GROUPS))
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong.")
    sign_in(page)
    expect(page).to_have_url(url(web, GROUPS))


def test_the_end_is_announced_and_one_can_stay(alice: Page, web: Web):
    open_form(alice, web)
    leave_alone(29)
    look(alice)
    warning = alice.get_by_role("alertdialog", name="Your session is about to end")
    expect(warning.get_by_role("timer")).to_have_text(re.compile("0:[0-5][0-9]|1:00"))
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    assert seconds_left() > 1700


def seconds_left() -> float:
    session = Session.objects.get()
    return session.get_decoded()[SEEN] + 1800 - now().timestamp()


def test_whoever_types_is_not_asked(alice: Page, web: Web):
    open_form(alice, web)
    leave_alone(20)
    look(alice)
    with alice.expect_response("**/account/session/stay/"):
        alice.get_by_label("Description").press_sequentially("x")
    assert seconds_left() > 1700
    expect(alice.get_by_role("alertdialog")).to_have_count(0)


def sign_in_elsewhere(context: BrowserContext, link: Page) -> Page:
    with context.expect_page() as opened:
        link.get_by_role("link", name="Sign in again").click()
    other = opened.value
    sign_in(other)
    expect(other.get_by_text("You are signed in again.")).to_be_visible()
    return other


def test_a_session_that_ended_while_typing_loses_nothing(alice: Page, web: Web):
    open_form(alice, web)
    fill(alice)
    Session.objects.all().delete()
    alice.get_by_label("Description").press_sequentially("!")  # its check is refused with 401
    ended = alice.get_by_role("alertdialog", name="Your session has ended")
    expect(ended).to_be_visible()

    sign_in_elsewhere(alice.context, alice).close()
    look(alice)
    expect(ended).to_be_hidden()
    expect(alice.locator("#status")).to_contain_text("What you typed is still here")
    alice.get_by_role("button", name="Save").first.click()
    expect(alice.locator("#status")).to_contain_text("Add successful")
    assert PresenceRedundancyGroup.objects.get().description == "東京の組!"


def test_a_form_sent_after_the_end_is_sent_again(alice: Page, web: Web):
    """Also where no script told of the end in time."""
    open_form(alice, web)
    fill(alice)
    alice.evaluate("document.getElementById('session').remove()")
    Session.objects.all().delete()
    alice.get_by_role("button", name="Save").first.click()
    expect(alice.locator("#status")).to_contain_text("Your session has ended")
    sign_in(alice)
    alice.get_by_role("button", name="Send again").click()
    expect(alice.locator("#status")).to_contain_text("Add successful")
    assert PresenceRedundancyGroup.objects.get().description == "東京の組"


def test_live_parts_of_an_ended_session_leave_the_page_as_it_is(alice: Page, web: Web):
    group = create_group("Tokyo")
    alice.goto(url(web, f"{GROUPS}{group.pk}/"))
    expect(alice.locator("#live-indicator .live__text--on")).to_be_visible()
    alice.get_by_label("Description").fill("half a sen")
    Session.objects.all().delete()
    announce(f"group-{group.pk}")
    expect(alice.get_by_role("alertdialog", name="Your session has ended")).to_be_visible()
    alice.get_by_role("button", name="Back to the page").click()
    expect(alice.get_by_label("Description")).to_have_value("half a sen")


def test_a_reader_sees_values_and_no_buttons(alice: Page, web: Web):
    User.objects.update(role=Role.READ_ONLY)
    group = create_group("Tokyo", description="old")
    alice.goto(url(web, f"{GROUPS}{group.pk}/"))
    expect(alice.get_by_label("Description")).to_have_value("old")
    expect(alice.get_by_label("Description")).to_be_disabled()
    for name in ("Save", "Delete", "Add New", "Reset"):
        expect(alice.get_by_role("button", name=name)).to_have_count(0)
        expect(alice.get_by_role("link", name=name)).to_have_count(0)


def test_a_role_taken_away_meanwhile_is_told(alice: Page, web: Web):
    open_form(alice, web)
    fill(alice)
    User.objects.update(role=Role.READ_ONLY)
    alice.get_by_label("Description").press_sequentially("!")
    expect(alice.locator("#status")).to_contain_text("This needs the role Administrator")
    expect(alice.get_by_label("Description")).to_have_value("東京の組!")
    alice.get_by_role("button", name="Save").first.click()
    expect(alice.locator("h1")).to_have_text("Your role does not allow this")
    assert not PresenceRedundancyGroup.objects.exists()
