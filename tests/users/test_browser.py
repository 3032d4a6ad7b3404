"""Assign Presence Users in a real browser; the database is asked afterwards."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from prg_admin.jobs.models import Job, State
from prg_admin.jobs.tasks import run
from tests.live.browsing import Web
from tests.users.cluster import create_town

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URL = "/user-management/assign-presence-users/"


def signed_in(page: Page, web: Web) -> Page:
    _, _, session = web.cookie.partition("=")
    url = f"http://127.0.0.1:{web.port}"
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}
    page.context.add_cookies([cookie])
    page.set_default_timeout(20_000)
    return page


@pytest.fixture
def admin(page: Page, web: Web) -> Page:
    """A browser in which Alice is signed in."""
    return signed_in(page, web)


@pytest.fixture
def plain(browser: Browser, web: Web):
    """One without JavaScript."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    yield signed_in(context.new_page(), web)
    context.close()


def open_list(page: Page, web: Web) -> None:
    page.goto(f"http://127.0.0.1:{web.port}{URL}")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).first.click()


def assign_two(page: Page, web: Web) -> None:
    open_list(page, web)
    for userid in ("ann", "bob"):
        page.get_by_label(f"Select {userid}").check()
    press(page, "Assign Selected Users")
    page.get_by_label("imp3").check()
    press(page, "Show Consequences")
    expect(page.get_by_text("2 users get another home node")).to_be_visible()
    press(page, "Assign")
    expect(page.get_by_text("2 users assigned.")).to_be_visible()


def test_selected_users_are_assigned_to_a_node(web: Web, admin: Page):
    town = create_town(unassigned=1)
    town.add("ann", "bob")
    assign_two(admin, web)
    assert town.counts == [0, 0, 2, 0, 1]


def test_without_javascript_too(web: Web, plain: Page):
    town = create_town(unassigned=1)
    town.add("ann", "bob")
    assign_two(plain, web)
    assert town.counts == [0, 0, 2, 0, 1]


def test_all_users_are_assigned_by_a_job_whose_progress_is_seen(web: Web, admin: Page):
    town = create_town(unassigned=6)
    open_list(admin, web)
    press(admin, "Assign All Users")
    admin.get_by_label("by the assignment mode").check()
    press(admin, "Show Consequences")
    press(admin, "Assign")
    expect(admin.get_by_text("0 of 6")).to_be_visible()
    expect(admin.locator("#live-indicator .live__text--on")).to_be_visible()

    run(job_id=Job.objects.get().pk)

    expect(admin.get_by_text("6 of 6")).to_be_visible()
    expect(admin.get_by_text("6 users have another home node")).to_be_visible()
    assert town.counts == [2, 2, 1, 1, 0]


def test_a_rebalance_is_previewed_and_can_be_cancelled(web: Web, admin: Page):
    town = create_town(4)
    admin.goto(f"http://127.0.0.1:{web.port}{URL}rebalance/")
    expect(admin.locator("#moves tbody tr")).to_have_count(3)
    press(admin, "Rebalance")
    press(admin, "Cancel Job")
    expect(admin.get_by_text("Cancelled after 0 of 3")).to_be_visible()
    assert (Job.objects.get().state, town.counts) == (State.CANCELLED, [4, 0, 0, 0, 0])


def test_a_file_is_imported(web: Web, admin: Page):
    town = create_town()
    admin.goto(f"http://127.0.0.1:{web.port}{URL}import/")
    content = "userid,名前\nhanako,山田 花子\ntaro,山田 太郎\n".encode("cp932")
    file = {"name": "users.csv", "mimeType": "text/csv", "buffer": content}
    admin.get_by_label("File").set_input_files(file)
    press(admin, "Read the File")
    expect(admin.locator("#sizes")).to_contain_text("Shift_JIS")
    press(admin, "Import")
    expect(admin.locator("#job-done")).to_be_visible()
    run(job_id=Job.objects.get().pk)
    open_list(admin, web)
    expect(admin.get_by_text("山田 花子")).to_be_visible()
    assert town.counts == [1, 1, 0, 0, 0]
