"""The same site in Japanese."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.site import GROUPS, Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_person_changes_to_japanese_and_fails_a_node_over(
    alice: Site, pair: WatchedPair, installation: Installation
):
    alice.open_group(pair.group)
    alice.press("日本語")
    page = alice.page
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(alice.row("imp1")).to_contain_text("正常")
    alice.row("imp1").get_by_role("link", name="フェールオーバー").click()
    page.locator("main form button[type=submit]").click()
    alice.shows(imp1="idle", imp2="running-in-backup-mode")
    expect(alice.row("imp1")).to_contain_text("アイドル")


def test_a_wrong_name_is_refused_in_japanese(alice: Site):
    alice.open(f"{GROUPS}add/")
    alice.press("日本語")
    alice.type("name", "ベルリン")
    expect(alice.errors_at("name")).to_contain_text("使用できるのは英字")
