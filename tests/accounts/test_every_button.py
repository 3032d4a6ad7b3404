"""Buttons about oneself, in English and Japanese; the database is asked afterwards."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from prg_admin.accounts.models import User
from prg_admin.groups.models import PresenceRedundancyGroup
from tests.accounts.test_browser import GROUPS, PASSWORD, url
from tests.e2e.buttons import Reader
from tests.factories import create_cluster, create_node
from tests.live.browsing import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANOTHER = "Looking-Glass-2"


def test_a_password_is_changed(web: Web, reader: Reader):
    reader.open(url(web, "/account/password/"))
    for name, value in (
        ("old_password", PASSWORD),
        ("new_password1", ANOTHER),
        ("new_password2", ANOTHER),
    ):
        reader.page.locator(f"#id_{name}").fill(value)
    reader.press("accounts/password.html: Save")
    expect(reader.page.locator("#status")).to_be_visible()
    assert User.objects.get(username="alice").check_password(ANOTHER)


@pytest.mark.parametrize(("way", "groups"), [("Leave it", 0), ("Send again", 1)])
def test_what_came_after_the_end_of_the_session(web: Web, reader: Reader, way: str, groups: int):
    create_node("imp1", cluster=create_cluster())
    reader.open(url(web, f"{GROUPS}add/"))
    reader.page.locator("#id_name").fill("Tokyo")
    reader.page.locator("#id_server1").select_option("imp1")
    # No script tells of the end in time.
    reader.page.evaluate("document.getElementById('session').remove()")
    Session.objects.all().delete()
    reader.press("groups/group.html: Save")
    reader.page.locator("#id_username").fill("alice")
    reader.page.locator("#id_password").fill(PASSWORD)
    reader.press("accounts/login.html: Sign in")
    reader.press(f"accounts/resend.html: {way}")
    expect(reader.page.locator("#main")).to_be_visible()
    expect(reader.named(reader.words("Send again"))).to_have_count(0)
    assert PresenceRedundancyGroup.objects.count() == groups
