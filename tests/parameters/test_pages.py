"""System > Service Parameters and System > Enterprise Parameters, as a person uses them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import ENTERPRISE, SRM, XCP_ROUTER, parameters_of
from prg_admin.parameters import services
from prg_admin.parameters.models import ParameterValue
from prg_admin.parameters.selectors import parameter, parameter_values
from prg_admin.parameters.services import values_token
from prg_admin.topology.models import Node
from tests.factories import create_cluster, create_node, create_report, create_user, never_heard

pytestmark = pytest.mark.django_db

SERVICE_URL = "/system/service-parameters/"
ENTERPRISE_URL = "/system/enterprise-parameters/"
INTERVAL = catalogue.HEART_BEAT_INTERVAL
MODE = catalogue.USER_ASSIGNMENT_MODE


@pytest.fixture
def alice(client: Client) -> Client:
    client.force_login(create_user(username="alice"))
    return client


@pytest.fixture
def node() -> Node:
    return create_node()


def place(node: Node, service: str = SRM) -> dict[str, Any]:
    return {"server": node.pk, "service": service}


def filled(node: Node, service: str = SRM, **changed: str) -> dict[str, Any]:
    """What the browser sends for the page as it stands, with some values changed."""
    values = parameter_values(node.cluster_id, service, node.pk)
    shown = {p.name: values[p.name] for p in parameters_of(service) if not p.advanced}
    return {**place(node, service), **shown, "token": values_token(values), **changed}


def shown_token(html: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found
    return found[1]


def shown_value(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return found[1]


def test_first_a_server_is_chosen_then_a_service(alice, node):
    page = alice.get(SERVICE_URL).content.decode()
    assert node.name in page
    assert 'name="service"' not in page
    page = alice.get(SERVICE_URL, {"server": node.pk}).content.decode()
    assert 'name="service"' in page
    assert "Parameter Value" not in page


def test_services_are_active_when_the_last_report_lists_them_as_started(alice):
    report = create_report("imp-a", down=["Cisco SIP Proxy"])
    node = create_node("imp-a", report=report)
    page = alice.get(SERVICE_URL, {"server": node.pk}).content.decode()
    assert "Cisco Server Recovery Manager (Active)" in page
    assert "Cisco XCP Router (Active)" in page
    assert "Cisco SIP Proxy (Inactive)" in page


def test_no_service_is_active_while_the_agent_cannot_be_reached(alice):
    for node in (create_node(reachable=False), never_heard()):
        page = alice.get(SERVICE_URL, {"server": node.pk}).content.decode()
        assert "Cisco Server Recovery Manager (Inactive)" in page
        assert "(Active)" not in page


def test_the_table_shows_values_suggestions_and_bounds(alice, node):
    page = alice.get(SERVICE_URL, place(node)).content.decode()
    assert shown_value(page, INTERVAL) == "60"
    assert "General Server Recovery Manager Parameters (Clusterwide)" in page
    assert f"apply to all servers of cluster {node.cluster.name}" in page
    assert f"apply to server {node.name} alone" in page
    assert "1 to 300 seconds" in page


def test_advanced_parameters_are_shown_when_asked_for(alice, node):
    condensed = alice.get(SERVICE_URL, place(node)).content.decode()
    advanced = alice.get(SERVICE_URL, {**place(node), "view": "advanced"}).content.decode()
    assert "Transition Deadline" not in condensed
    assert "Transition Deadline" in advanced
    assert "Condensed" in advanced


def test_advanced_is_disabled_where_nothing_is_hidden(alice, node):
    page = alice.get(SERVICE_URL, place(node, XCP_ROUTER)).content.decode()
    assert re.search(r"<button[^>]* disabled>.*Advanced", page)


def test_doubled_delays_are_shown_while_multiple_device_messaging_is_on(alice, node):
    doubled = "With Multiple Device Messaging: "
    assert doubled not in alice.get(SERVICE_URL, place(node)).content.decode()
    router = filled(node, XCP_ROUTER, MultipleDeviceMessaging="true")
    assert alice.post(SERVICE_URL, router).status_code == 302
    page = alice.get(SERVICE_URL, place(node)).content.decode()
    assert page.count(doubled) == 3
    assert f"{doubled}240 seconds." in page


def test_a_service_without_parameters_says_so(alice, node):
    page = alice.get(SERVICE_URL, place(node, "Cisco SIP Proxy")).content.decode()
    assert "Cisco SIP Proxy has no parameters." in page


def test_saving_stores_and_says_so(alice, node):
    page = alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"), follow=True)
    assert "Update successful" in page.content.decode()
    assert parameter(node.cluster_id, SRM, INTERVAL) == "30"
    assert page.redirect_chain[0][1] == 302


def test_saving_without_a_change_says_so(alice, node):
    page = alice.post(SERVICE_URL, filled(node), follow=True)
    assert "Nothing was changed" in page.content.decode()
    assert not ParameterValue.objects.exists()


def test_saving_the_condensed_page_leaves_advanced_values_alone(alice, node):
    ParameterValue.objects.create(
        cluster=node.cluster, service=SRM, name=catalogue.TRANSITION_DEADLINE, value="60"
    )
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    assert parameter(node.cluster_id, SRM, catalogue.TRANSITION_DEADLINE) == "60"


def test_saving_at_one_node_leaves_limits_of_the_other_alone(alice, node):
    other = create_node(cluster=node.cluster)
    alice.post(SERVICE_URL, filled(node, ClientReLoginLowerLimit="100"))
    page = alice.get(SERVICE_URL, place(other)).content.decode()
    assert shown_value(page, catalogue.RE_LOGIN_LOWER) == "120"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Heart Beat Interval is required."),
        ("abc", "Heart Beat Interval must be a whole number in digits only, and “abc” is not."),
        ("-5", "must be a whole number in digits only"),
        ("5.5", "must be a whole number in digits only"),
        ("0", "Heart Beat Interval must be within 1 to 300 seconds, and 0 is not."),
        ("301", "Heart Beat Interval must be within 1 to 300 seconds, and 301 is not."),
        ("9" * 6000, "Heart Beat Interval must be within 1 to 300 seconds"),
        ("\uff16\uff10", "Heart Beat Interval must be typed in half-width digits"),
        ("<script>", "“&lt;script&gt;” is not"),
        ("6\x000", "Null characters are not allowed."),
        ("%s %(x)s {}", "“%s %(x)s {}” is not"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence_at_its_field(alice, node, text, sentence):
    answer = alice.post(SERVICE_URL, filled(node, HeartBeatInterval=text))
    page = answer.content.decode()
    assert answer.status_code == 422
    at_field = page.split('id="id_HeartBeatInterval_error"')[1].split("</div>")[0]
    assert sentence in at_field
    assert not ParameterValue.objects.exists()


def test_what_was_typed_stays_after_a_refusal(alice, node):
    page = alice.post(SERVICE_URL, filled(node, HeartBeatInterval="abc", ConnectTimeout="20"))
    assert shown_value(page.content.decode(), INTERVAL) == "abc"
    assert shown_value(page.content.decode(), catalogue.CONNECT_TIMEOUT) == "20"


def test_a_broken_relation_names_both_sides(alice, node):
    answer = alice.post(SERVICE_URL, filled(node, KeepAliveTimeout="80"))
    sentence = (
        "Keep Alive (Heartbeat) Timeout (80 seconds) must be at least "
        "Heart Beat Interval + Connect Timeout (together 90 seconds)."
    )
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_value_that_is_no_choice_is_refused(alice, node):
    answer = alice.post(SERVICE_URL, filled(node, EnableAutomaticFallback="maybe"))
    sentence = "Enable Automatic Fallback must be one of True, False, and “maybe” is not."
    assert sentence in answer.content.decode()


def test_the_second_saver_is_told_and_keeps_what_was_typed(alice, node):
    first = filled(node, HeartBeatInterval="30")
    second = filled(node, ConnectTimeout="20")
    alice.post(SERVICE_URL, first)
    answer = alice.post(SERVICE_URL, second)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Heart Beat Interval was changed meanwhile from 60 seconds to 30 seconds." in page
    assert shown_value(page, catalogue.CONNECT_TIMEOUT) == "20"
    assert shown_value(page, INTERVAL) == "30"
    assert parameter(node.cluster_id, SRM, catalogue.CONNECT_TIMEOUT) == "30"


def test_after_being_told_the_second_saver_can_save(alice, node):
    second = filled(node, ConnectTimeout="20")
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    page = alice.post(SERVICE_URL, second).content.decode()
    again = second | {"token": shown_token(page), INTERVAL: shown_value(page, INTERVAL)}
    assert alice.post(SERVICE_URL, again).status_code == 302
    assert parameter(node.cluster_id, SRM, INTERVAL) == "30"
    assert parameter(node.cluster_id, SRM, catalogue.CONNECT_TIMEOUT) == "20"


def test_both_changed_the_same_value_and_the_second_one_stays_typed(alice, node):
    second = filled(node, HeartBeatInterval="20")
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    page = alice.post(SERVICE_URL, second).content.decode()
    assert shown_value(page, INTERVAL) == "20"
    assert "from 60 seconds to 30 seconds" in page


def test_a_refusal_does_not_hide_that_somebody_saved_meanwhile(alice, node):
    wrong = filled(node, ConnectTimeout="abc")
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    page = alice.post(SERVICE_URL, wrong).content.decode()
    mended = wrong | {"token": shown_token(page), "ConnectTimeout": "20"}
    assert alice.post(SERVICE_URL, mended).status_code == 409


@pytest.mark.parametrize("token", ["", "nonsense", "a:b:c"])
def test_a_page_without_a_readable_token_is_not_saved(alice, node, token):
    answer = alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30", token=token))
    assert answer.status_code == 409
    assert "In force now: 60 seconds." in answer.content.decode()
    assert not ParameterValue.objects.exists()


def test_news_tell_an_open_page_what_was_changed(alice, node):
    token = filled(node)["token"]
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    headers = {"HX-Request": "true", "HX-Target": "parameter-news"}
    part = alice.get(SERVICE_URL, {**place(node), "token": token}, headers=headers).content.decode()
    assert part.strip().startswith('<div id="parameter-news"')
    assert "Heart Beat Interval was changed meanwhile" in part


def test_news_are_silent_while_nothing_was_changed(alice, node):
    headers = {"HX-Request": "true", "HX-Target": "parameter-news"}
    query = {**place(node), "token": filled(node)["token"]}
    part = alice.get(SERVICE_URL, query, headers=headers).content.decode()
    assert "meanwhile" not in part


def test_another_choice_loads_another_page(alice, node):
    headers = {"HX-Request": "true", "HX-Trigger": "chooser"}
    answer = alice.get(SERVICE_URL, place(node), headers=headers)
    assert answer.headers["HX-Redirect"].startswith(f"{SERVICE_URL}?server={node.pk}&service=")


def test_typing_is_judged_field_by_field(alice, node):
    url = reverse("parameters:service-parameters-validate") + "?field=HeartBeatInterval"
    wrong = alice.post(url, filled(node, HeartBeatInterval="0")).content.decode()
    assert "Heart Beat Interval must be within 1 to 300 seconds" in wrong
    right = alice.post(url, filled(node, HeartBeatInterval="30")).content.decode()
    assert "field__error" not in right
    assert not ParameterValue.objects.exists()


def test_typing_is_judged_at_the_related_field_too(alice, node):
    url = reverse("parameters:service-parameters-validate") + "?field=HeartBeatInterval"
    answer = alice.post(url, filled(node, HeartBeatInterval="70")).content.decode()
    own, _, beside = answer.partition('<div id="id_')
    assert "field__error" not in own
    assert re.search(
        r'KeepAliveTimeout_error" hx-swap-oob="innerHTML">.*at least', beside, re.DOTALL
    )


@pytest.mark.parametrize("field", ["", "token", "Bygone", "../x"])
def test_typing_in_an_unknown_field_is_not_found(alice, node, field):
    url = reverse("parameters:service-parameters-validate")
    assert alice.post(f"{url}?field={field}", filled(node)).status_code == 404


def test_set_to_default_asks_and_shows_what_would_change(alice, node):
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    url = reverse("parameters:service-parameters-default")
    page = alice.get(url, place(node)).content.decode()
    assert "30 seconds" in page
    assert parameter(node.cluster_id, SRM, INTERVAL) == "30"
    alice.post(url, {**place(node), "token": shown_token(page)})
    assert not ParameterValue.objects.exists()


def test_set_to_default_is_asked_again_after_somebody_else_saved(alice, node):
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="30"))
    url = reverse("parameters:service-parameters-default")
    token = shown_token(alice.get(url, place(node)).content.decode())
    alice.post(SERVICE_URL, filled(node, HeartBeatInterval="40"))
    page = alice.post(url, {**place(node), "token": token}).content.decode()
    assert "Values were changed meanwhile" in page
    assert parameter(node.cluster_id, SRM, INTERVAL) == "40"


def test_set_to_default_with_nothing_to_do_offers_nothing(alice, node):
    page = alice.get(reverse("parameters:service-parameters-default"), place(node))
    assert "All parameters have their suggested values already." in page.content.decode()


@pytest.mark.parametrize("server", ["x", "-1", "0", "9" * 30, "1;--", "\x00"])
def test_an_unknown_server_is_told_with_a_sentence(alice, node, server):
    answer = alice.get(SERVICE_URL, {"server": server, "service": SRM})
    assert answer.status_code == 404
    assert "There is no server or service" in answer.content.decode()


def test_an_unknown_service_is_told_with_a_sentence(alice, node):
    answer = alice.get(SERVICE_URL, place(node, "<b>Nothing</b>"))
    assert answer.status_code == 404
    assert "“&lt;b&gt;Nothing&lt;/b&gt;”" in answer.content.decode()


@pytest.mark.parametrize("suffix", ["", "-default"])
def test_a_server_that_is_deleted_in_the_same_moment_is_not_found(alice, node, monkeypatch, suffix):
    def gone(**_values: object) -> None:
        raise Node.DoesNotExist

    monkeypatch.setattr(services, "parameters_save", gone)
    url = reverse(f"parameters:service-parameters{suffix}")
    assert alice.post(url, filled(node, HeartBeatInterval="30")).status_code == 404


def test_why_there_is_no_reset_and_no_apply_config_is_said(alice, node):
    html = alice.get(ENTERPRISE_URL).content.decode()
    assert "there is nothing to reset, and no configuration to apply" in html
    assert reverse("users:rebalance") in html


def test_enterprise_parameters_are_not_a_service_of_a_node(alice, node):
    assert alice.get(SERVICE_URL, place(node, ENTERPRISE)).status_code == 404


def test_without_servers_the_page_leads_to_adding_one(alice):
    assert reverse("topology:node-add") in alice.get(SERVICE_URL).content.decode()
    assert reverse("topology:node-add") in alice.get(ENTERPRISE_URL).content.decode()


def test_the_only_cluster_needs_no_choosing(alice):
    create_cluster(name="Tokyo")
    page = alice.get(ENTERPRISE_URL).content.decode()
    assert "User Assignment Mode for Presence Server" in page
    assert "Select Cluster" not in page


def test_of_several_clusters_one_is_chosen(alice):
    create_cluster(name="Osaka")
    tokyo = create_cluster(name="Tokyo")
    page = alice.get(ENTERPRISE_URL, {"cluster": tokyo.pk}).content.decode()
    assert f'value="{tokyo.pk}" selected>Tokyo' in page


def test_an_unknown_cluster_is_told_with_a_sentence(alice):
    create_cluster()
    answer = alice.get(ENTERPRISE_URL, {"cluster": "none"})
    assert answer.status_code == 404
    assert "There is no cluster “none”." in answer.content.decode()


def test_the_assignment_mode_is_saved(alice):
    cluster = create_cluster()
    token = values_token(parameter_values(cluster.pk, ENTERPRISE))
    data = {"cluster": cluster.pk, MODE: "active-standby", "token": token}
    page = alice.post(ENTERPRISE_URL, data, follow=True).content.decode()
    assert "Update successful" in page
    assert '<option value="active-standby" selected>Active-Standby</option>' in page


def test_the_assignment_mode_is_judged_while_it_is_chosen(alice):
    cluster = create_cluster()
    url = reverse("parameters:enterprise-parameters-validate") + f"?field={MODE}"
    answer = alice.post(url, {"cluster": cluster.pk, MODE: "random"}).content.decode()
    assert "must be one of Balanced, Active-Standby, None, and “random” is not." in answer


def test_the_assignment_mode_can_be_set_to_default(alice):
    cluster = create_cluster()
    ParameterValue.objects.create(cluster=cluster, service=ENTERPRISE, name=MODE, value="none")
    url = reverse("parameters:enterprise-parameters-default")
    page = alice.get(url, {"cluster": cluster.pk}).content.decode()
    alice.post(url, {"cluster": cluster.pk, "token": shown_token(page)})
    assert parameter(cluster.pk, ENTERPRISE, MODE) == "balanced"


PAGES = ["service-parameters", "enterprise-parameters"]


@pytest.mark.parametrize("suffix", ["", "-validate", "-default"])
@pytest.mark.parametrize("name", PAGES)
def test_strangers_are_led_to_the_sign_in_page(client, name, suffix):
    url = reverse(f"parameters:{name}{suffix}")
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code in (302, 405)
        assert answer.status_code == 405 or answer.url.startswith(reverse("accounts:login"))


@pytest.mark.parametrize("name", PAGES)
def test_validation_takes_only_post(alice, name):
    assert alice.get(reverse(f"parameters:{name}-validate")).status_code == 405


@pytest.mark.parametrize("name", PAGES)
def test_a_post_without_the_csrf_token_is_refused(name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(create_user())
    assert client.post(reverse(f"parameters:{name}")).status_code == 403


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
@pytest.mark.parametrize("name", PAGES)
def test_other_methods_are_refused(alice, name, method):
    assert getattr(alice, method)(reverse(f"parameters:{name}")).status_code == 405


def test_a_page_costs_the_same_however_many_nodes_and_values(alice, django_assert_max_num_queries):
    cluster = create_cluster()
    nodes = [create_node(cluster=cluster) for _ in range(6)]
    for number, each in enumerate(nodes):
        ParameterValue.objects.create(
            cluster=cluster,
            node=each,
            service=SRM,
            name=catalogue.RE_LOGIN_LOWER,
            value=str(100 + number),
        )
    # Session, user, nodes, values, settings, engine, and what the worst case is computed from.
    with django_assert_max_num_queries(9):
        alice.get(SERVICE_URL, place(nodes[0]))
