"""Find and List Presence Redundancy Groups."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from tests.factories import create_group, create_node, create_pair

URL = "/system/presence-redundancy-groups/"
DELETE = f"{URL}delete-selected/"
QUERIES = 6
"""Session, user, count, groups, members, free nodes: whatever the number of groups."""


def names(response) -> list[str]:
    return [row.group.name for row in response.context["rows"]]


def test_it_shows_group_nodes_users_and_states(page: Client):
    first, second = create_pair(users=2)
    create_group("Tokyo", members=[first, second], ha_enabled=True, description="east")

    html = page.get(URL).content.decode()

    for words in ("Tokyo", "east", first.name, second.name, '<td class="num">4</td>', "Normal"):
        assert words in html


def test_signed_out_is_led_to_the_sign_in_page(client: Client, db):
    response = client.get(URL)

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("accounts:login"))


def test_post_is_refused(page: Client):
    assert page.post(URL).status_code == 405


@pytest.mark.parametrize(
    ("field", "operator", "text", "found"),
    [
        ("name", "begins-with", "TO", ["Tokyo"]),
        ("name", "contains", "o", ["Kyoto", "Tokyo"]),
        ("name", "is-exactly", "kyoto", ["Kyoto"]),
        ("name", "ends-with", "yo", ["Tokyo"]),
        ("name", "begins-with", "", ["Kyoto", "Nara", "Tokyo"]),
        ("name", "is-empty", "", []),
        ("name", "contains", "%", []),
        ("description", "is-empty", "ignored", ["Nara"]),
        ("description", "is-not-empty", "", ["Kyoto", "Tokyo"]),
        ("description", "contains", "都", ["Kyoto"]),
        ("password", "contains", "o", ["Kyoto", "Nara", "Tokyo"]),
    ],
)
def test_find(page: Client, field: str, operator: str, text: str, found: list[str]):
    create_group("Tokyo", description="east")
    create_group("Kyoto", description="古い都")
    create_group("Nara")

    response = page.get(URL, {"field": field, "operator": operator, "text": text})

    assert names(response) == found


def test_rows_per_page_and_pages_keep_the_search(page: Client):
    for number in range(12):
        create_group(f"group{number:02}")

    response = page.get(URL, {"rows": "10", "text": "group", "page": "2"})

    assert names(response) == ["group10", "group11"]
    assert "rows=10&amp;text=group&amp;page=1" in response.content.decode()


@pytest.mark.parametrize("count", [3, 30])
def test_the_number_of_queries_does_not_grow(
    page: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(count):
        create_group(ha_enabled=True)

    with django_assert_num_queries(QUERIES):
        page.get(URL, {"rows": "100"})


def test_the_live_part_carries_the_states_alone(page: Client):
    group = create_group(states=[NodeState.IDLE, NodeState.BACKUP])

    response = page.get(URL, headers={"HX-Request": "true", "HX-Target": "list-states"})

    html = response.content.decode()
    assert f'id="group-{group.pk}-states"' in html
    assert "Running in Backup Mode" in html
    assert "<table" not in html


def test_free_nodes_are_a_warning(page: Client):
    create_node()

    assert "1 node is in no group" in page.get(URL).content.decode()


def test_delete_selected_asks_first(page: Client):
    group = create_group("Tokyo")

    response = page.post(DELETE, {"group": [group.pk]})

    assert "permanently delete this group" in response.content.decode()
    assert PresenceRedundancyGroup.objects.exists()


def test_delete_selected_deletes_what_it_may_and_says_what_it_may_not(page: Client):
    create_group("Tokyo")
    create_group("Kyoto", ha_enabled=True)
    keys = PresenceRedundancyGroup.objects.values_list("pk", flat=True)

    response = page.post(DELETE, {"group": list(keys), "confirmed": "yes"}, follow=True)

    html = response.content.decode()
    assert "Group Kyoto cannot be deleted while High Availability is on" in html
    assert "1 group deleted." in html
    assert names(response) == ["Kyoto"]


def test_delete_selected_with_nothing_selected(page: Client):
    response = page.post(DELETE, {"group": "x"}, follow=True)

    assert "No group is selected" in response.content.decode()


def test_delete_selected_rejects_get(page: Client):
    assert page.get(DELETE).status_code == 405
