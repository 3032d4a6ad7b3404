"""The frame of every page: applications, menus, Related Links, About."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import Client

from prg_admin.console import about
from prg_admin.lib.menu import applications, current_application
from prg_admin.lib.templatetags.frame import _Links
from tests.factories import create_group, create_user

GROUPS = "/system/presence-redundancy-groups/"
ADDRESSES = sorted({e.address for a in applications() for m in a.menus for e in m.entries})


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(create_user("alice", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_entry_of_a_menu_leads_nowhere(page: Client, address: str):
    assert page.get(address).status_code == 200


@pytest.mark.parametrize(
    ("path", "application"),
    [
        (f"{GROUPS}7/", "Unified CM Administration"),
        ("/system/enterprise-parameters/", "Unified CM Administration"),
        ("/system/service-parameters/default/", "IM and Presence Administration"),
        ("/recovery/events/1/", "Unified CM Administration"),
        ("/", "Unified CM Administration"),
        ("/admin/groups/", "Support administration"),
    ],
)
def test_a_page_belongs_to_an_application(path: str, application: str):
    assert str(current_application(path).label) == application


def test_the_menus_are_those_of_the_application(page: Client):
    html = page.get("/system/service-parameters/").content.decode()
    menu = html[html.index('<nav class="menubar"') : html.index("</nav>")]
    assert 'href="/system/service-parameters/" aria-current="page"' in menu
    assert GROUPS not in menu


def test_support_is_offered_to_staff_alone(page: Client, client: Client):
    assert 'value="/admin/"' in page.get("/about/").content.decode()
    client.force_login(create_user("bob"))
    html = client.get("/about/").content.decode()
    assert 'value="/admin/"' not in html
    assert f'value="{GROUPS}"' in html or 'value="/system/servers/"' in html


def test_go_leads_to_the_chosen_page(page: Client):
    assert page.get("/go/", {"to": f"{GROUPS}?page=2"}).headers["Location"] == f"{GROUPS}?page=2"


@pytest.mark.parametrize(
    "to",
    ["", "https://evil.example/", "//evil.example/", "/\\evil.example", "x", "/\r\nX: 1", "\x00"],
)
def test_go_leads_to_no_other_site(page: Client, to: str):
    assert page.get("/go/", {"to": to}).headers["Location"] == "/"


def test_related_links_become_a_list_with_a_go(page: Client):
    group = create_group("Tokyo")
    html = page.get(f"{GROUPS}{group.pk}/").content.decode()
    assert f'<option value="{GROUPS}">Back to Find/List</option>' in html


def test_words_of_related_links_are_read_as_a_browser_reads_them():
    text = '<a href="/a/?x=1&amp;y=2">one &amp; <b>two</b></a> <a>no address</a>'
    assert _Links(text).found == [("/a/?x=1&y=2", "one & two")]


def test_a_page_without_related_links_has_no_list(page: Client):
    assert "related-to" not in page.get("/about/").content.decode()


def test_about_names_version_scripts_and_libraries(page: Client):
    html = page.get("/about/").content.decode()
    for part in (*about.browser_scripts(), *about.libraries()):
        assert part.name in html
        assert part.version
        assert part.licence, part.name
    assert f"<dd>{about.version()}</dd>" in html


def test_the_icons_that_templates_name_exist(settings):
    sprite = (settings.BASE_DIR / "static/img/icons.svg").read_text()
    named = Template("{% load frame %}{% icon 'export' %}{% icon 'print' %}").render(Context())
    for name in ("export", "print"):
        assert f"#{name}" in named
        assert f'id="{name}"' in sprite
