"""The pages of groups in a real browser, on a real web process."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.live.news import announce
from tests.factories import create_cluster, create_group, create_node
from tests.live.browsing import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/system/presence-redundancy-groups/"


@pytest.fixture
def admin(page: Page, web: Web) -> Page:
    """A browser in which somebody is signed in, on the list of groups."""
    _, _, session = web.cookie.partition("=")
    url = f"http://127.0.0.1:{web.port}"
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}
    page.context.add_cookies([cookie])
    page.set_default_timeout(20_000)
    page.goto(url + LIST)
    return page


def enter_state(group: PresenceRedundancyGroup, *states: NodeState) -> None:
    """As the engine would: the rows first, then the news."""
    for member, state in zip(group.members.order_by("position"), states, strict=True):
        Member.objects.filter(pk=member.pk).update(state=state)
    announce("groups", f"group-{group.pk}")


def open_group(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    expect(page.get_by_label("Description")).to_be_visible()
    await_live(page)


def await_live(page: Page) -> None:
    expect(page.locator("#live-indicator .live__text--on")).to_be_visible()


def test_a_pair_is_added_and_each_mistake_is_told_at_its_field(web: Web, admin: Page):
    cluster = create_cluster("tokyo")
    for name in ("imp-1", "imp-2"):
        create_node(name, cluster=cluster)
    admin.reload()
    admin.get_by_role("link", name="Add New").first.click()

    admin.get_by_label("Name").fill("my group")
    expect(admin.locator("#id_name_error")).to_contain_text("contains a space")
    admin.get_by_label("Presence Server (first)").select_option("imp-1")
    admin.get_by_label("Enable High Availability").check()
    expect(admin.locator("#id_ha_enabled_error")).to_contain_text("needs two nodes")
    admin.get_by_label("Presence Server (second)").select_option("imp-1")
    expect(admin.locator("#id_server2_error")).to_contain_text("two different nodes")
    admin.get_by_label("Presence Server (second)").select_option("imp-2")
    admin.get_by_label("Name").fill("my-group")
    expect(admin.locator(".field__error")).to_have_count(0)
    expect(admin.locator("[aria-invalid]")).to_have_count(0)

    admin.get_by_role("button", name="Save").first.click()
    expect(admin.get_by_text("Add successful.")).to_be_visible()
    assert PresenceRedundancyGroup.objects.get().name == "my-group"


def test_states_change_by_themselves_and_disturb_no_typed_text(web: Web, admin: Page):
    group = create_group("Tokyo", ha_enabled=True)
    admin.reload()
    open_group(admin, "Tokyo")
    admin.get_by_label("Description").fill("unsaved words")

    # The second news comes while the first is being fetched: it must not get lost.
    enter_state(group, NodeState.FAILING_OVER, NodeState.TAKING_OVER)
    enter_state(group, NodeState.IDLE, NodeState.BACKUP)

    table = admin.locator("#ha")
    expect(table.get_by_text("Idle")).to_be_visible()
    expect(table.get_by_text("Running in Backup Mode")).to_be_visible()
    expect(admin.get_by_label("Description")).to_have_value("unsaved words")


def test_the_list_changes_by_itself_and_keeps_what_is_selected(web: Web, admin: Page):
    group = create_group("Tokyo", ha_enabled=True)
    admin.reload()
    await_live(admin)
    admin.get_by_role("button", name="Select All").first.click()

    enter_state(group, NodeState.IDLE, NodeState.BACKUP)

    expect(admin.get_by_text("Running in Backup Mode")).to_be_visible()
    expect(admin.get_by_label("Select Tokyo")).to_be_checked()
    admin.get_by_role("button", name="Clear All").first.click()
    expect(admin.get_by_label("Select Tokyo")).not_to_be_checked()


def test_failover_is_asked_in_words_and_can_be_cancelled(web: Web, admin: Page):
    create_group("Tokyo", ha_enabled=True)
    admin.reload()
    open_group(admin, "Tokyo")
    admin.locator("#ha").get_by_role("link", name="Failover").first.click()

    expect(admin.get_by_text("stay stopped until somebody falls back")).to_be_visible()
    expect(admin.get_by_role("button", name="Failover")).to_be_visible()
    admin.get_by_role("link", name="Cancel").click()
    expect(admin).to_have_url(re.compile(r"/system/presence-redundancy-groups/\d+/$"))


def test_the_page_works_without_javascript(web: Web, admin: Page):
    group = create_group("Tokyo", ha_enabled=True)
    plain = admin.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies(admin.context.cookies())
    page = plain.new_page()
    page.goto(f"http://127.0.0.1:{web.port}{LIST}{group.pk}/")

    page.get_by_label("Description").fill("typed without scripts")
    page.get_by_role("button", name="Save").first.click()

    expect(page.get_by_text("Update successful.")).to_be_visible()
    page.get_by_role("link", name="Show the events of this group").click()
    expect(page.get_by_role("heading", name="Events of Tokyo")).to_be_visible()
    plain.close()
