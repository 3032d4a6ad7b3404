"""What explains itself, in a real browser: the pre-flight, open events, the countdown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from prg_admin.domain import catalogue
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.lib.clock import steady_now
from prg_admin.live.news import announce
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery.models import EngineStatus, Event
from tests.factories import create_cluster, create_group, create_node, create_report, role_of
from tests.groups.test_group_browser import admin, await_live, open_group
from tests.live.browsing import Web

__all__ = ["admin"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

S = NodeState


def pair_with_a_service_down() -> PresenceRedundancyGroup:
    cluster = create_cluster()
    report = create_report("imp-1", down=["Cisco SIP Proxy"])
    one = create_node("imp-1", cluster=cluster, report=report)
    return create_group("tokyo", members=[one, create_node("imp-2", cluster=cluster)])


def waiting_group() -> PresenceRedundancyGroup:
    """imp-1 is failed over and well again; its automatic fallback is on."""
    ready = create_report("imp-1", role=role_of(S.FAILED_OVER), serving=[])
    one = create_node("imp-1", report=ready)
    two = create_node("imp-2", cluster=one.cluster)
    ParameterValue.objects.create(
        cluster=one.cluster,
        service=catalogue.SRM,
        name=catalogue.AUTOMATIC_FALLBACK,
        value=catalogue.TRUE,
    )
    return create_group("tokyo", members=[one, two], states=[S.FAILED_OVER, S.BACKUP])


def create_event(group: PresenceRedundancyGroup, version: int) -> Event:
    nodes = [{"node": n, "state": "normal", "reason": "normal", "target": "own", "ordered": "own"}
             for n in ("imp-1", "imp-2")]  # fmt: skip
    return Event.objects.create(
        at=steady_now(), group=group, group_name=group.name, rule="init-done", actor="engine",
        epoch=1, version=version, before=nodes, after=nodes, values={"limit_s": 4.0},
    )  # fmt: skip


def test_ticking_high_availability_shows_what_would_happen_and_asks(
    web: Web, admin: Page, console_errors: list[str]
):
    group = pair_with_a_service_down()
    admin.reload()
    open_group(admin, "tokyo")
    shown = admin.locator("#preflight .preflight")
    expect(shown).to_have_count(0)

    admin.get_by_label("Enable High Availability").check()
    expect(shown).to_contain_text("Not running on imp-1: Cisco SIP Proxy.")
    admin.get_by_role("button", name="Save").first.click()
    expect(admin.locator("#id_confirmed_error")).to_contain_text("I have read what would happen")
    assert ["422" in error for error in console_errors] == [True]  # the browser's own note
    console_errors.clear()

    admin.get_by_label("I have read what would happen").check()
    admin.get_by_role("button", name="Save").first.click()
    expect(admin.locator("#status")).to_contain_text("Update successful.")
    group.refresh_from_db()
    assert group.ha_enabled


def test_unticking_it_takes_the_outlook_away(web: Web, admin: Page):
    pair_with_a_service_down()
    admin.reload()
    open_group(admin, "tokyo")
    box = admin.get_by_label("Enable High Availability")

    box.check()
    expect(admin.locator("#preflight .preflight")).to_be_visible()
    box.uncheck()

    expect(admin.locator("#preflight .preflight")).to_have_count(0)


def test_an_open_event_stays_open_when_another_one_comes(web: Web, admin: Page):
    group = create_group("tokyo", states=[S.NORMAL] * 2)
    first = create_event(group, 2)
    admin.reload()
    open_group(admin, "tokyo")
    admin.locator(f"#event-{first.pk} summary").click()
    expect(admin.get_by_text("Limit: 4 s")).to_be_visible()

    second = create_event(group, 3)
    announce(f"group-{group.pk}")

    expect(admin.locator(f"#event-{second.pk}")).to_have_count(1)
    expect(admin.locator(f"#event-{first.pk}")).to_have_attribute("open", "")


def test_the_page_counts_down_between_two_fetches(web: Web, admin: Page):
    waiting_group()
    admin.reload()
    open_group(admin, "tokyo")
    count = admin.locator("#automatic-fallback [data-counts]")
    begun = count.inner_text()

    expect(count).not_to_have_text(begun)
    expect(count).to_have_text(re.compile(r"29:\d\d"))


def test_a_blind_engine_is_told_at_once(web: Web, admin: Page):
    status = {"swept_at": steady_now(), "ticked_at": steady_now()}
    EngineStatus.objects.update_or_create(pk=1, defaults=status)
    await_live(admin)
    strip = admin.locator("#engine-status")
    expect(strip).not_to_contain_text("hears no node")

    EngineStatus.objects.filter(pk=1).update(is_blind=True)
    announce("engine")

    expect(strip).to_contain_text("hears no node at all")
