"""System > Service Parameters: what does not fit together is refused, what is saved is in force."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from prg_admin.domain import catalogue
from tests.e2e.site import Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_the_service_is_found_through_the_two_drop_downs(alice: Site, pair: WatchedPair):
    alice.open("/system/service-parameters/")
    alice.field("server").select_option(label="imp1 (demo)")
    alice.field("service").select_option(value=catalogue.SRM)
    expect(alice.field(catalogue.HEART_BEAT_INTERVAL)).to_have_value("1")


def test_values_that_do_not_fit_together_are_refused_at_their_field(alice: Site, pair: WatchedPair):
    alice.open_parameters("imp1")
    alice.type(catalogue.KEEP_ALIVE_TIMEOUT, "1")
    wrong = alice.errors_at(catalogue.KEEP_ALIVE_TIMEOUT)
    expect(wrong).to_contain_text("Keep Alive (Heartbeat) Timeout")
    expect(wrong).to_contain_text("Heart Beat Interval")
    alice.save_in_vain()
    expect(wrong).to_contain_text("Heart Beat Interval")
    expect(alice.field(catalogue.KEEP_ALIVE_TIMEOUT)).to_have_value("1")
    alice.open_parameters("imp1")
    expect(alice.field(catalogue.KEEP_ALIVE_TIMEOUT)).to_have_value("4")


def test_a_saved_critical_service_delay_is_in_force_without_a_restart(
    alice: Site, pair: WatchedPair, installation: Installation
):
    alice.open_parameters("imp1")
    alice.type(catalogue.CRITICAL_SERVICE_DELAY, "300")
    alice.save()
    alice.says("Update successful")
    installation.kill_service("imp1")
    alice.open_group(pair.group)
    expect(alice.page.locator("[data-services-of=imp1]")).to_contain_text("Stopped")
    pair.stays_normal(seconds=5)
    alice.open_parameters("imp1")
    alice.type(catalogue.CRITICAL_SERVICE_DELAY, "1")
    alice.save()
    alice.open_group(pair.group)
    alice.shows(imp1="failed-over-services-not-running", imp2="running-in-backup-mode")


def test_the_user_assignment_mode_is_saved(alice: Site, pair: WatchedPair):
    alice.open("/system/enterprise-parameters/")
    mode = alice.field(catalogue.USER_ASSIGNMENT_MODE)
    before = mode.input_value()
    other = catalogue.ACTIVE_STANDBY if before != catalogue.ACTIVE_STANDBY else catalogue.BALANCED
    for value in (other, before):
        mode.select_option(value)
        alice.save()
        alice.says("Update successful")
        expect(mode).to_have_value(value)
