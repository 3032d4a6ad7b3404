"""The parameter pages in a real browser, on a real web process."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from prg_admin.domain.catalogue import SRM
from prg_admin.lib.actor import Actor
from prg_admin.parameters.selectors import parameter, parameter_values
from prg_admin.parameters.services import parameters_save, values_token
from prg_admin.topology.models import Node
from tests.factories import create_node
from tests.live.browsing import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def node(web: Web) -> Node:
    return create_node("imp-1")


def sign_in(page: Page, web: Web) -> None:
    _, _, session = web.cookie.partition("=")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address(web)}
    page.context.add_cookies([cookie])


def address(web: Web, path: str = "/") -> str:
    return f"http://127.0.0.1:{web.port}{path}"


def open_parameters(page: Page, web: Web, node: Node) -> None:
    sign_in(page, web)
    query = f"?server={node.pk}&service={SRM.replace(' ', '+')}"
    page.goto(address(web, f"/system/service-parameters/{query}"))


def test_choosing_server_and_service_leads_to_the_table(page: Page, web: Web, node: Node):
    sign_in(page, web)
    page.goto(address(web, "/system/service-parameters/"))
    page.get_by_label("Server").select_option(label=f"imp-1 ({node.cluster.name})")
    page.get_by_label("Service").select_option(SRM)
    expect(page.get_by_label("Heart Beat Interval", exact=True)).to_have_value("60")


def test_sentences_come_and_go_while_typing_at_related_fields_too(
    page: Page, web: Web, node: Node, console_errors: list[str]
):
    open_parameters(page, web, node)
    page.get_by_label("Heart Beat Interval", exact=True).fill("70")
    beside = page.locator("#id_KeepAliveTimeout_error")
    expect(beside).to_contain_text("must be at least Heart Beat Interval + Connect Timeout")
    page.get_by_label("Heart Beat Interval", exact=True).fill("7x")
    expect(page.locator("#id_HeartBeatInterval_error")).to_contain_text("“7x” is not")
    page.get_by_label("Heart Beat Interval", exact=True).fill("50")
    expect(page.locator(".field__error")).to_have_count(0)
    assert console_errors == []


def test_an_open_page_tells_that_somebody_else_saved(page: Page, web: Web, node: Node):
    open_parameters(page, web, node)
    expect(page.locator("#live-indicator .live__text--on")).to_be_visible()
    page.get_by_label("Connect Timeout", exact=True).fill("20")
    parameters_save(
        cluster=node.cluster,
        service=SRM,
        node=node,
        values={"HeartBeatInterval": "30"},
        token=values_token(parameter_values(node.cluster_id, SRM, node.pk)),
        actor=Actor("bob"),
    )
    news = page.locator("#parameter-news")
    expect(news).to_contain_text("Heart Beat Interval was changed meanwhile from 60 seconds")
    expect(page.get_by_label("Connect Timeout", exact=True)).to_have_value("20")


def test_help_opens_beside_the_name(page: Page, web: Web, node: Node):
    open_parameters(page, web, node)
    help_text = page.get_by_text("How often the Server Recovery Manager sends")
    expect(help_text).to_be_hidden()
    page.get_by_label("Help on Heart Beat Interval").click()
    expect(help_text).to_be_visible()


def test_everything_works_without_javascript(browser: Browser, web: Web, node: Node):
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    sign_in(page, web)
    page.goto(address(web, "/system/service-parameters/"))
    page.get_by_label("Server").select_option(str(node.pk))
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Service").select_option(SRM)
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Heart Beat Interval", exact=True).fill("30")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#status")).to_contain_text("Update successful")
    page.get_by_role("link", name="Set to Default").first.click()
    page.get_by_role("button", name="Set to Default").click()
    expect(page.get_by_label("Heart Beat Interval", exact=True)).to_have_value("60")
    context.close()
    assert parameter(node.cluster_id, SRM, "HeartBeatInterval") == "60"
