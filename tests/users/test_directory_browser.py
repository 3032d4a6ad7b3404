"""LDAP Directory in a real browser, with a real directory."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from prg_admin.jobs.models import Job
from prg_admin.jobs.tasks import run
from prg_admin.users.models import Directory
from tests.live.browsing import Web
from tests.plugins.slapd import PASSWORD, ROOT_DN, SUFFIX, Slapd
from tests.users.cluster import Town, create_town
from tests.users.people import People, draft, save, sync
from tests.users.test_browser import press, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slapd, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin(page: Page, web: Web) -> Page:
    return signed_in(page, web)


@pytest.fixture
def plain(browser: Browser, web: Web):
    """A browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    yield signed_in(context.new_page(), web)
    context.close()


@pytest.fixture
def town(web: Web) -> Town:
    return create_town()


def open_page(page: Page, web: Web, town: Town) -> None:
    page.goto(f"http://127.0.0.1:{web.port}/system/ldap-directory/{town.cluster.pk}/")


def fill(page: Page, slapd: Slapd) -> None:
    for label, value in (
        ("Server", slapd.server),
        ("Bind DN", ROOT_DN),
        ("Password", PASSWORD),
        ("Search Base", SUFFIX),
    ):
        page.locator("#directory-form").get_by_label(label).fill(value)


def test_tried_out_saved_and_synchronised(
    web: Web, admin: Page, town: Town, slapd: Slapd, people: People
):
    people.add("ann", "bob", "carol")
    open_page(admin, web, town)
    fill(admin, slapd)
    press(admin, "Test")
    expect(admin.get_by_text("3 entries would be found")).to_be_visible()
    expect(admin.locator("#first-entries tbody tr")).to_have_count(3)
    # The password that was typed is still there: nothing but the answer was swapped.
    press(admin, "Save")
    expect(admin.get_by_text("Update successful.")).to_be_visible()

    press(admin, "Synchronise Now")
    expect(admin.locator("#job-done")).to_be_visible()
    run(job_id=Job.objects.get().pk)
    expect(admin.get_by_text("Users added: 3, changed: 0, removed: 0.")).to_be_visible()
    assert town.counts == [1, 1, 1, 0, 0]


def test_without_javascript_too(web: Web, plain: Page, town: Town, slapd: Slapd, people: People):
    people.add("ann")
    open_page(plain, web, town)
    fill(plain, slapd)
    press(plain, "Test")
    expect(plain.get_by_text("1 entry would be found")).to_be_visible()
    fill(plain, slapd)
    press(plain, "Save")
    press(plain, "Synchronise Now")
    run(job_id=Job.objects.get().pk)
    assert town.counts == [1, 0, 0, 0, 0]


def test_what_is_wrong_is_told_as_one_types(web: Web, admin: Page, town: Town):
    open_page(admin, web, town)
    admin.locator("#directory-form").get_by_label("Filter").fill("(uid=*")
    expect(admin.get_by_text("is not a search filter")).to_be_visible()


def test_more_than_the_limit_is_removed_when_it_is_confirmed(
    web: Web, admin: Page, town: Town, slapd: Slapd, people: People
):
    people.add("ann", "bob", "carol", "dave")
    directory = save(town, draft(slapd))
    sync(directory)
    people.remove("ann", "bob")
    sync(directory)
    open_page(admin, web, town)
    expect(admin.get_by_text("2 of 4 users of the directory")).to_be_visible()
    press(admin, "Remove 2 Users Anyway")
    expect(admin.locator("#job-done")).to_be_visible()
    run(job_id=Job.objects.latest("pk").pk)
    expect(admin.get_by_text("removed: 2.")).to_be_visible()
    assert sum(town.counts) == 2


def test_deleted_after_a_question(web: Web, admin: Page, town: Town, slapd: Slapd, people: People):
    save(town, draft(slapd))
    open_page(admin, web, town)
    admin.get_by_role("link", name="Delete").first.click()
    press(admin, "Delete")
    expect(admin.get_by_text("LDAP directory deleted.")).to_be_visible()
    assert not Directory.objects.exists()
