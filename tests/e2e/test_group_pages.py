"""System > Presence Redundancy Groups: find, add, what is refused, two people at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Visitor
from tests.e2e.site import GROUPS, Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NEW = "Berlin"
REFUSED = "Nothing was saved"


@pytest.fixture(autouse=True)
def free_nodes(person: Person) -> Iterator[None]:
    """The demo's two free nodes are free before and after each test."""
    person.delete_group(NEW)
    yield
    person.delete_group(NEW)


@pytest.fixture
def add_new(alice: Site) -> Site:
    alice.open(f"{GROUPS}add/")
    return alice


def test_after_signing_in_the_menu_leads_to_two_groups_that_are_normal(
    site: Site, pair: WatchedPair
):
    site.sign_in()
    menu = site.page.get_by_role("navigation")
    menu.get_by_text("System", exact=True).click()
    menu.get_by_role("link", name="Presence Redundancy Groups").click()
    site.press("Find")
    expect(site.page.get_by_text("2 records found")).to_be_visible()
    for group in ("DefaultCUPSubcluster", "Subcluster-2"):
        link = site.page.get_by_role("link", name=group, exact=True)
        row = site.page.get_by_role("row").filter(has=link)
        expect(row).to_contain_text("Enabled")
        expect(row.locator("[data-state=normal]")).to_have_count(2)


def test_add_new_pairs_the_two_free_nodes(add_new: Site):
    add_new.type("name", NEW)
    add_new.type("description", "The two free nodes / ベルリン")
    add_new.field("server1").select_option("imp5")
    add_new.field("server2").select_option("imp6")
    add_new.field("ha_enabled").check()
    add_new.save()
    add_new.says("Add successful.")
    add_new.shows(imp5="normal", imp6="normal")
    expect(add_new.field("name")).to_have_value(NEW)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "x" * 129, "Name has 129 characters; at most 128 are allowed."),
        ("name", "Berlin Mitte", "Name contains"),
        ("name", "defaultCUPsubcluster", "is already taken by DefaultCUPSubcluster"),
        ("description", "a < b", "Description contains “<”"),
    ],
)
def test_a_wrong_text_is_refused_at_its_field(add_new: Site, field: str, typed: str, sentence: str):
    add_new.field("server1").select_option("imp5")
    add_new.type("name", NEW)
    add_new.type(field, typed)
    expect(add_new.errors_at(field)).to_contain_text(sentence)
    add_new.save_in_vain()
    add_new.says(REFUSED)
    expect(add_new.errors_at(field)).to_contain_text(sentence)
    expect(add_new.field(field)).to_have_value(typed)


def test_the_same_node_twice_is_refused(add_new: Site):
    add_new.type("name", NEW)
    add_new.field("server1").select_option("imp5")
    add_new.field("server2").select_option("imp5")
    _is_refused(add_new, "server2", "imp5 is also the first Presence Server")


def test_a_late_answer_about_one_field_does_not_wipe_what_was_said_about_another(add_new: Site):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    add_new.page.route("**/validate/?field=server1", hold)
    add_new.field("server1").select_option("imp5")
    add_new.field("server2").select_option("imp5")
    wait_until(lambda: add_new.page.evaluate("true") and held, "the first field is asked about")
    held[0].continue_()
    expect(add_new.errors_at("server2")).to_contain_text("also the first Presence Server")


def test_high_availability_with_one_node_is_refused(add_new: Site):
    add_new.type("name", NEW)
    add_new.field("server1").select_option("imp5")
    add_new.field("ha_enabled").check()
    _is_refused(add_new, "ha_enabled", "High Availability needs two nodes")


def test_a_node_that_another_group_took_meanwhile_is_refused(add_new: Site, person: Person):
    add_new.type("name", "Hamburg")
    person.add_group(NEW, "imp6")
    add_new.field("server1").select_option("imp6")
    _is_refused(add_new, "server1", f"imp6 belongs to the group {NEW}")


@pytest.mark.fault("F25")
def test_nodes_of_unequal_versions_are_refused(
    add_new: Site, installation: Installation, newer_imp6: str
):
    add_new.type("name", NEW)
    add_new.field("server1").select_option("imp5")
    add_new.field("server2").select_option("imp6")
    _is_refused(add_new, "server2", f"imp6 runs version {newer_imp6}, but imp5 runs version")


@pytest.fixture
def newer_imp6(installation: Installation) -> Iterator[str]:
    """The node imp6 runs another version while the test runs."""
    file = installation.var / "nodes" / "imp6.toml"
    as_before, version = file.read_text(), "15.0.9.10000-1"
    line = next(line for line in as_before.splitlines() if line.startswith("version"))
    file.write_text(as_before.replace(line, f'version = "{version}"'))
    installation.restart("imp6")
    known = "select 1 from topology_nodereport where version = %s"
    wait_until(lambda: installation.query(known, version), "the engine knows the new version")
    yield version
    file.write_text(as_before)
    installation.restart("imp6")
    wait_until(lambda: not installation.query(known, version), "the old version is back")


def test_the_second_of_two_people_who_edit_a_group_is_told_and_keeps_what_was_typed(
    alice: Site, visitor: Visitor, person: Person
):
    person.add_group(NEW, "imp5")
    bob = visitor()
    alice.open_group(NEW)
    bob.open_group(NEW)
    bob.type("description", "written by Bob")
    bob.save()
    bob.says("Update successful.")
    alice.type("description", "written by Alice")
    alice.save_in_vain(status=409)
    told = alice.page.get_by_role("alert")
    expect(told).to_contain_text("Somebody else saved in the meantime")
    expect(told).to_contain_text("written by Bob")
    expect(alice.field("description")).to_have_value("written by Alice")
    bob.open_group(NEW)
    expect(bob.field("description")).to_have_value("written by Bob")
    alice.save()
    alice.says("Update successful.")
    bob.open_group(NEW)
    expect(bob.field("description")).to_have_value("written by Alice")


def _is_refused(site: Site, field: str, sentence: str) -> None:
    """As soon as it is chosen, and again on Save."""
    expect(site.errors_at(field)).to_contain_text(sentence)
    site.save_in_vain()
    site.says(REFUSED)
    expect(site.errors_at(field)).to_contain_text(sentence)
