"""The Copy button of a group: a new form filled in from it, without its servers."""

from __future__ import annotations

import pytest
from django.test import Client

from prg_admin.groups.selectors import copy_name
from tests.factories import create_group

ADD = "/system/presence-redundancy-groups/add/"


def test_a_copy_proposes_name_and_description_and_no_servers(admin: Client):
    group = create_group("Tokyo", description="east", ha_enabled=True)
    form = admin.get(ADD, {"copy": group.pk}).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    assert shown == {
        "name": "Tokyo-copy",
        "description": "east",
        **dict.fromkeys(("server1", "server2", "ha_enabled", "revision", "confirmed")),
    }


def test_the_page_of_a_group_offers_its_copy(admin: Client):
    group = create_group()
    html = admin.get(f"/system/presence-redundancy-groups/{group.pk}/").content.decode()
    assert f'href="{ADD}?copy={group.pk}"' in html


@pytest.mark.parametrize("copied", ["", "x", "0", "-1", "9" * 40])
def test_a_copy_of_nothing_is_an_empty_form(admin: Client, copied: str):
    assert admin.get(ADD, {"copy": copied}).context["form"].initial == {}


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "Tokyo-copy"),
        (["TOKYO-COPY"], "Tokyo-copy2"),
        (["Tokyo-copy", "Tokyo-copy2", "Tokyo-copy4"], "Tokyo-copy3"),
    ],
)
def test_a_proposed_name_is_free(db: None, taken: list[str], name: str):
    for other in taken:
        create_group(other)
    assert copy_name("Tokyo") == name


def test_a_proposed_name_is_never_too_long(db: None):
    assert len(copy_name("x" * 128)) <= 128
