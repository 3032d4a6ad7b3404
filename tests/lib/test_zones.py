"""Pages show times in the zone that the reader's browser names."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import create_user

pytestmark = pytest.mark.django_db
EVENTS = "/events/"


@pytest.fixture
def alice(client: Client) -> Client:
    client.force_login(create_user("alice"))
    return client


@pytest.mark.parametrize("cookie", ["", "Mars/Olympus", "../../etc/passwd", "x" * 5000, "/etc"])
def test_what_is_no_zone_is_as_good_as_none(alice: Client, cookie: str):
    alice.cookies["prg_time_zone"] = cookie
    assert "Times are of the zone UTC" in alice.get(EVENTS).content.decode()


def test_the_zone_of_the_browser_holds_for_its_pages_only(alice: Client):
    alice.cookies["prg_time_zone"] = "Asia/Tokyo"
    assert "Times are of the zone Asia/Tokyo" in alice.get(EVENTS).content.decode()
    del alice.cookies["prg_time_zone"]
    assert "Times are of the zone UTC" in alice.get(EVENTS).content.decode()
