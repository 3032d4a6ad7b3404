"""The rule about skipped tests, and the browser fixture."""

from __future__ import annotations

import pytest
from django.db import connection
from playwright.sync_api import Page

from tests.plugins import skips


def skipped_report(reason: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="tests/test_it.py::test_it",
        location=("tests/test_it.py", 1, "test_it"),
        keywords={},
        outcome="skipped",
        longrepr=("tests/test_it.py", 1, f"Skipped: {reason}"),
        when="setup",
    )


def test_a_skip_with_an_unlisted_reason_becomes_a_failure():
    report = skipped_report("no time today")
    skips.refuse_skip(report, ["needs Windows"])
    assert report.failed
    assert "no time today" in report.longrepr


def test_a_skip_with_a_listed_reason_stays_a_skip():
    report = skipped_report("needs Windows 11")
    skips.refuse_skip(report, ["needs Windows"])
    assert report.skipped


@pytest.mark.browser
@pytest.mark.django_db
def test_a_page_is_shown_while_the_database_is_used(page: Page):
    page.set_content("<h1>Hello</h1>")
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    assert page.locator("h1").inner_text() == "Hello"


@pytest.mark.browser
def test_console_errors_of_a_page_are_collected(page: Page, console_errors: list[str]):
    page.evaluate("console.error('boo')")
    assert console_errors == ["boo ()"]
    console_errors.clear()
