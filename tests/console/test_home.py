"""The home page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from prg_admin.console import selectors
from prg_admin.console.selectors import overview
from prg_admin.domain.states import NodeState, Reason
from tests.factories import create_group, create_node, create_presence_users, create_user

HOME = "/"
FAILED_OVER = (NodeState.FAILED_OVER, NodeState.BACKUP)
SERVICE_DOWN = (Reason.CRITICAL_SERVICE_DOWN, Reason.CRITICAL_SERVICE_DOWN)


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


def test_an_installation_without_groups_has_a_home(page):
    response = page.get(HOME)
    assert response.status_code == 200
    assert "No group has High Availability enabled." in response.content.decode()


def test_healthy_groups_are_not_listed(page):
    create_group("healthy", ha_enabled=True, states=(NodeState.NORMAL, NodeState.NORMAL))
    text = page.get(HOME).content.decode()
    assert "Both nodes of every group with High Availability are Normal." in text
    assert "healthy" not in text


def test_a_group_that_is_not_normal_is_listed_with_both_nodes(page):
    create_group("berlin", ha_enabled=True, states=FAILED_OVER, reasons=SERVICE_DOWN)
    text = page.get(HOME).content.decode()
    for words in ("berlin", "Failed Over", "Running in Backup Mode", "Critical Service Down"):
        assert words in text


def test_numbers_of_groups_and_nodes(db):
    create_group(ha_enabled=True, states=FAILED_OVER)
    create_group(ha_enabled=True, states=(NodeState.NORMAL, NodeState.NORMAL))
    create_group(ha_enabled=False)
    create_node(reachable=False)
    seen = overview()
    assert (seen.groups, seen.groups_with_ha, seen.not_normal) == (3, 2, 1)
    assert (seen.nodes - seen.nodes_reachable, seen.nodes_unreachable) == (1, 1)


def test_nodes_in_no_group_and_users_without_a_node_are_warned_of(page):
    create_group("berlin", ha_enabled=True)
    assert 'id="unassigned"' not in page.get(HOME).content.decode()
    cluster = create_node("free").cluster
    create_presence_users(2, cluster=cluster)
    create_presence_users(1, cluster=cluster, is_licensed=False)
    text = page.get(HOME).content.decode()
    assert "1 node is in no group." in text
    assert "2 licensed users have no home node and get no service." in text
    addresses = map(unescape, re.findall(r'<a href="([^"]*is-empty[^"]*)"', text))
    assert [page.get(address).context["found"].count for address in addresses] == [1, 2]


def test_the_links_of_the_warning_find_the_same_in_japanese(page):
    create_presence_users(2, cluster=create_node("free").cluster)
    japanese = {"Accept-Language": "ja"}
    text = page.get(HOME, headers=japanese).content.decode()
    addresses = map(unescape, re.findall(r'<a href="([^"]*is-empty[^"]*)"', text))
    found = [page.get(address, headers=japanese).context["found"] for address in addresses]
    assert [one.count for one in found] == [1, 2]


def test_the_list_ends_somewhere_and_says_how_many_are_left(page, monkeypatch):
    monkeypatch.setattr(selectors, "MOST_GROUPS", 1)
    for _ in range(3):
        create_group(ha_enabled=True, states=FAILED_OVER)
    seen = overview()
    assert (len(seen.rows), seen.more) == (1, 2)
    assert "and 2 more groups" in page.get(HOME).content.decode()


def test_more_groups_cost_no_more_queries(db, django_assert_num_queries):
    for _ in range(5):
        create_group(ha_enabled=True, states=FAILED_OVER)
    with django_assert_num_queries(5):
        overview()


def test_htmx_gets_the_live_part_alone(page):
    response = page.get(HOME, headers={"HX-Request": "true", "HX-Target": "overview"})
    assert response.content.decode().lstrip().startswith("<div")
    assert "<html" not in response.content.decode()
    assert "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize("target", ["title", "doors-title", "../base"])
def test_htmx_gets_the_whole_page_for_what_is_no_live_part(page, target):
    response = page.get(HOME, headers={"HX-Request": "true", "HX-Target": target})
    assert "<html" in response.content.decode()


def test_a_boosted_link_gets_the_whole_page(page):
    headers = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "overview"}
    assert "<html" in page.get(HOME, headers=headers).content.decode()


def test_the_page_names_its_topics(page):
    assert 'data-live-topics="groups,nodes,jobs"' in page.get(HOME).content.decode()


def test_its_doors_lead_to_the_pages(page):
    text = page.get(HOME).content.decode()
    for address in (
        "/system/servers/",
        "/system/presence-redundancy-groups/",
        "/system/service-parameters/",
        "/system/enterprise-parameters/",
    ):
        assert f'class="door" href="{address}"' in text


def test_a_stranger_is_led_to_the_sign_in_page(client, db):
    assert client.get(HOME).url == "/login/?next=/"


def test_home_is_only_read(page):
    assert page.post(HOME).status_code == 405


def test_a_fragment_may_be_named_in_the_address(page):
    response = page.get(HOME, {"fragment": "overview"}, headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()


def test_without_htmx_there_are_only_whole_pages(page):
    assert "<html" in page.get(HOME, {"fragment": "overview"}).content.decode()


def test_the_title_stands_in_the_window_and_on_the_page(page):
    text = page.get(HOME).content.decode()
    assert "<title>Home - PRG Admin</title>" in text
    assert '<h1 class="page__title">Home</h1>' in text


def test_pages_hold_no_inline_scripts_or_styles(page):
    """So that a content security policy can forbid them."""
    text = page.get(HOME).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on", text)
