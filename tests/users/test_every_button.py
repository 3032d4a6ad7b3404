"""Each button of the pages of users, in English and Japanese; the database is asked afterwards."""

from __future__ import annotations

import pytest
from django.utils import translation
from playwright.sync_api import expect

from prg_admin.jobs.models import Job, State
from prg_admin.jobs.tasks import run
from prg_admin.users.models import Directory
from tests.e2e.buttons import Reader
from tests.factories import create_cluster
from tests.live.browsing import Web
from tests.plugins.slapd import PASSWORD, ROOT_DN, SUFFIX, Slapd
from tests.users import buttons
from tests.users.cluster import Town, create_town
from tests.users.people import People
from tests.users.test_browser import URL

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def town(web: Web) -> Town:
    return create_town()


def open_page(reader: Reader, web: Web, path: str = URL) -> None:
    reader.open(f"http://127.0.0.1:{web.port}{path}")


def work_off(reader: Reader) -> Job:
    """The job whose page is open, as a worker does it."""
    expect(reader.page.locator("#job-done")).to_be_visible()
    job = Job.objects.latest("pk")
    run(job_id=job.pk)
    job.refresh_from_db()
    return job


def test_selected_users_get_a_home(web: Web, reader: Reader, town: Town):
    ann, _bob = town.add("ann", "bob")
    open_page(reader, web, f"{URL}users/{ann.pk}/")
    reader.press(f"{buttons.USER}: {buttons.BACK}")
    open_page(reader, web, f"{URL}users/{ann.pk}/")
    reader.press(f"{buttons.USER}: Assign this User")
    reader.press(f"{buttons.ASSIGN}: Cancel")
    for box in reader.page.locator("input[name=user]").all():
        box.check()
    reader.press(f"{buttons.LIST}: Assign Selected Users")
    reader.press(f"{buttons.ASSIGN}: {buttons.BACK}")
    reader.page.locator("input[name=user]").first.check()
    reader.press(f"{buttons.LIST}: Assign Selected Users")
    reader.page.locator(f"input[value=node-{town.node(3).pk}]").check()
    reader.press(f"{buttons.ASSIGN}: Show Consequences")
    reader.press(f"{buttons.ASSIGN}: Assign")
    expect(reader.page.locator("#records")).to_be_visible()
    assert town.counts == [0, 0, 1, 0, 1]
    assert reader.pressed >= buttons.SELECTED


def test_all_users_get_a_home_by_a_job(web: Web, reader: Reader, town: Town):
    town.add(*(f"user{number}" for number in range(6)))
    open_page(reader, web)
    reader.press(f"{buttons.LIST}: Assign All Users")
    reader.page.locator("input[value=mode]").check()
    reader.press(f"{buttons.ASSIGN}: Show Consequences")
    reader.press(f"{buttons.ASSIGN}: Assign")
    assert work_off(reader).state == State.DONE
    assert town.counts == [2, 2, 1, 1, 0]
    reader.press(f"{buttons.JOB}: All Jobs")
    expect(reader.page.locator("tbody tr")).to_have_count(1)
    assert reader.pressed >= buttons.ALL_BY_A_JOB


def test_a_rebalance_is_looked_at_begun_and_cancelled(web: Web, reader: Reader):
    town = create_town(4)
    create_cluster()
    open_page(reader, web)
    reader.press(f"{buttons.LIST}: Rebalance Users")
    reader.press(f"{buttons.REBALANCE}: {buttons.BACK}")
    for way in ("Cancel", "Rebalance"):
        reader.press(f"{buttons.LIST}: Rebalance Users")
        reader.page.locator("#id_cluster").select_option(str(town.cluster.pk))
        reader.press(f"{buttons.REBALANCE}: Go")
        expect(reader.page.locator("#moves tbody tr")).to_have_count(3)
        reader.press(f"{buttons.REBALANCE}: {way}")
    reader.press(f"{buttons.JOB}: Cancel Job")
    assert work_off(reader).state == State.CANCELLED
    assert town.counts == [4, 0, 0, 0, 0]
    assert reader.pressed >= buttons.REBALANCED


def test_a_file_is_read_and_imported(web: Web, reader: Reader, town: Town):
    content = "userid,名前\nhanako,山田 花子\ntaro,山田 太郎\n".encode()
    file = {"name": "users.csv", "mimeType": "text/csv", "buffer": content}
    open_page(reader, web)
    reader.press(f"{buttons.LIST}: Import from CSV")
    reader.press(f"{buttons.IMPORT}: Cancel")
    reader.press(f"{buttons.LIST}: Import from CSV")
    for after in ("Another File", "Import"):
        reader.page.locator("#id_file").set_input_files(file)
        reader.press(f"{buttons.IMPORT}: Read the File")
        reader.press(f"{buttons.PREVIEW}: {after}")
    assert work_off(reader).state == State.DONE
    assert town.counts == [1, 1, 0, 0, 0]
    assert reader.pressed >= buttons.IMPORTED


@pytest.mark.slapd
def test_a_directory_is_tried_saved_synchronised_and_deleted(
    web: Web, reader: Reader, town: Town, slapd: Slapd, people: People
):
    people.add("ann", "bob", "carol", "dave")
    page, path = reader.page, f"/system/ldap-directory/{town.cluster.pk}/"
    open_page(reader, web, path)
    page.locator("#id_server").fill("thrown away")
    reader.press(f"{buttons.DIRECTORY}: Reset")
    expect(page.locator("#id_server")).to_have_value("")
    for name, value in (
        ("server", slapd.server),
        ("bind_dn", ROOT_DN),
        ("password", PASSWORD),
        ("base", SUFFIX),
    ):
        page.locator(f"#id_{name}").fill(value)
    reader.press(f"{buttons.DIRECTORY}: Test")
    expect(page.locator("#first-entries tbody tr")).to_have_count(4)
    reader.press(f"{buttons.DIRECTORY}: Save")
    reader.press(f"{buttons.DIRECTORY}: Synchronise Now")
    work_off(reader)
    assert sum(town.counts) == 4

    people.remove("ann", "bob")
    open_page(reader, web, path)
    reader.press(f"{buttons.DIRECTORY}: Synchronise Now")
    work_off(reader)
    assert sum(town.counts) == 4
    open_page(reader, web, path)
    with translation.override(reader.language):
        words = translation.ngettext(
            "Remove %(shown)s User Anyway", "Remove %(shown)s Users Anyway", 2
        )
    reader.named(words % {"shown": 2}).click()
    reader.pressed.add(buttons.REMOVE_ANYWAY)
    work_off(reader)
    assert sum(town.counts) == 2

    for way in ("Cancel", "Delete"):
        open_page(reader, web, path)
        reader.press(f"{buttons.DIRECTORY}: Delete")
        reader.press(f"{buttons.GONE}: {way}")
    expect(page.locator("#status")).to_be_visible()
    assert not Directory.objects.exists()
    assert reader.pressed >= buttons.SYNCHRONISED
