"""Everything works by forms and links alone, in a browser that runs no scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.site import Site
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NEW = "Plain"


@pytest.fixture
def plain(visitor: Visitor, person: Person) -> Iterator[Site]:
    person.delete_group(NEW)
    yield visitor(signed_in=False, java_script_enabled=False)
    person.delete_group(NEW)


def test_a_group_is_added_and_changed(plain: Site, pair: WatchedPair):
    plain.sign_in()
    page = plain.page
    page.get_by_role("navigation").get_by_text("System", exact=True).click()
    page.get_by_role("link", name="Presence Redundancy Groups").first.click()
    page.get_by_role("link", name="Add New").first.click()
    plain.field("name").fill(f"{NEW} name")
    plain.field("server1").select_option("imp5")
    plain.save()
    expect(plain.errors_at("name")).to_contain_text("Name contains")
    plain.field("name").fill(NEW)
    plain.save()
    plain.says("Add successful.")
    plain.field("description").fill("without scripts")
    plain.save()
    plain.says("Update successful.")
    expect(plain.field("description")).to_have_value("without scripts")


def test_a_node_fails_over_and_falls_back(plain: Site, pair: WatchedPair):
    plain.sign_in()
    plain.open_group(pair.group)
    plain.ask_for("Failover", "imp1")
    plain.says("The failover has begun.")
    pair.becomes("Idle", "Running in Backup Mode", reason="On Admin Request")
    plain.page.reload()
    plain.shows(imp1="idle", imp2="running-in-backup-mode")
    plain.ask_for("Fallback", "imp1")
    pair.becomes_normal()
    plain.page.reload()
    plain.shows(imp1="normal", imp2="normal")
