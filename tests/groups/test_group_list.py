"""Find and List Presence Redundancy Groups."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from tests.factories import create_cluster, create_group, create_node, create_pair

URL = "/system/presence-redundancy-groups/"
DELETE = f"{URL}delete-selected/"
MOST_QUERIES = 12


def names(response) -> list[str]:
    return [row.group.name for row in response.context["rows"]]


def fetch_states(admin: Client, shown: str) -> str:
    headers = {"HX-Request": "true", "HX-Target": "list-states"}
    return admin.get(URL, {"shown": shown}, headers=headers).content.decode()


def test_it_shows_group_nodes_users_and_states(admin: Client):
    first, second = create_pair(users=2)
    create_group("Tokyo", members=[first, second], ha_enabled=True, description="east")

    html = admin.get(URL).content.decode()

    for words in (
        "Tokyo",
        "east",
        first.name,
        second.name,
        'data-label="Assigned Users">4</td>',
        "Normal",
    ):
        assert words in html


def test_signed_out_is_led_to_the_sign_in_page(client: Client, db):
    response = client.get(URL)

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("accounts:login"))


def test_post_is_refused(admin: Client):
    assert admin.post(URL).status_code == 405


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
        ("password", "contains", "o", ["Kyoto", "Tokyo"]),
        ("cluster", "begins-with", "west", ["Nara"]),
        ("server", "is-exactly", "IMP9", ["Nara"]),
        ("ha", "is-exactly", "enabled", ["Nara"]),
        ("state", "begins-with", "idle", ["Nara"]),
    ],
)
def test_find(admin: Client, field: str, operator: str, text: str, found: list[str]):
    create_group("Tokyo", description="east")
    create_group("Kyoto", description="古い都")
    members = [create_node("imp9", cluster=create_cluster("west"))]
    create_group("Nara", members=members, states=[NodeState.IDLE])

    response = admin.get(URL, {"field": field, "operator": operator, "text": text})

    assert names(response) == found


def test_rows_per_page_and_pages_keep_the_search(admin: Client):
    for number in range(12):
        create_group(f"group{number:02}")

    response = admin.get(URL, {"rows": "10", "text": "group", "sort": "-name", "page": "2"})

    assert names(response) == ["group01", "group00"]
    address = "?field=name&amp;operator=begins-with&amp;text=group&amp;rows=10&amp;sort=-name"
    assert f'href="{address}&amp;page=1"' in response.content.decode()


def test_sorted_by_users_and_by_cluster(admin: Client):
    create_group("few", members=create_pair(create_cluster("b"), users=1))
    create_group("many", members=create_pair(create_cluster("a"), users=2))

    assert names(admin.get(URL, {"sort": "-users"})) == ["many", "few"]
    assert names(admin.get(URL, {"sort": "-cluster"})) == ["few", "many"]


def test_the_whole_list_as_a_file(admin: Client):
    for number in range(12):
        create_group(f"group{number:02}", description="=cmd()")

    response = admin.get(URL, {"view": "csv", "text": "group1", "rows": "10"})

    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[0].startswith("\ufeffName,Description,Cluster")
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["group10", "'=cmd()"],
        ["group11", "'=cmd()"],
    ]


def test_the_print_view_has_the_records_and_nothing_to_press(admin: Client):
    create_group("Tokyo")

    html = admin.get(URL, {"view": "print", "text": "tok"}).content.decode()

    assert "Tokyo" in html
    assert "Name begins with “tok”" in html
    for absent in ('<form id="search', "checkbox", "Add New", 'aria-label="Menu'):
        assert absent not in html


def test_the_number_of_queries_does_not_grow(admin: Client):
    costs = []
    for _ in range(2):
        for _ in range(15):
            create_group(ha_enabled=True)
        with CaptureQueriesContext(connection) as queries:
            admin.get(URL, {"rows": "100"})
        costs.append(len(queries))

    assert costs[0] == costs[1] <= MOST_QUERIES


def test_the_live_part_carries_the_states_alone(admin: Client):
    group = create_group(states=[NodeState.IDLE, NodeState.BACKUP])

    html = fetch_states(admin, f"{group.pk} ")

    assert f'id="group-{group.pk}-states"' in html
    assert "Running in Backup Mode" in html
    assert "<table" not in html
    assert "Find again" not in html


def test_a_list_that_has_changed_says_so_and_touches_only_what_it_shows(admin: Client):
    shown, added = create_group("Kyoto"), create_group("Tokyo")

    html = fetch_states(admin, str(shown.pk))

    assert f'id="group-{shown.pk}-states"' in html
    assert f'id="group-{added.pk}-states"' not in html
    assert "Find again" in html


def test_free_nodes_are_a_warning(admin: Client):
    create_node()

    assert "1 node is in no group" in admin.get(URL).content.decode()


def test_delete_selected_asks_first(admin: Client):
    group = create_group("Tokyo")

    response = admin.post(DELETE, {"group": [group.pk]})

    assert "permanently delete this group" in response.content.decode()
    assert PresenceRedundancyGroup.objects.exists()


def test_who_is_asked_reads_in_numbers_what_would_be_refused(admin: Client):
    create_group("Tokyo", members=[create_node("one", users=1200)])
    create_group("Kyoto", ha_enabled=True)
    create_group("Osaka")
    keys = list(PresenceRedundancyGroup.objects.values_list("pk", flat=True))

    with CaptureQueriesContext(connection) as few:
        admin.post(DELETE, {"group": keys[:1]})
    with CaptureQueriesContext(connection) as many:
        html = admin.post(DELETE, {"group": keys}).content.decode()

    refused = html.partition('<ul id="refused">')[2].partition("</ul>")[0]
    assert "one (1,200 users)" in html
    assert "Group Tokyo cannot be deleted: one has 1200 assigned users" in refused
    assert "Group Kyoto cannot be deleted while High Availability is on" in refused
    assert "Osaka" not in refused
    assert len(many) == len(few)


def test_delete_selected_deletes_what_it_may_and_says_what_it_may_not(admin: Client):
    create_group("Tokyo")
    create_group("Kyoto", ha_enabled=True)
    keys = PresenceRedundancyGroup.objects.values_list("pk", flat=True)

    response = admin.post(DELETE, {"group": list(keys), "confirmed": "yes"}, follow=True)

    html = response.content.decode()
    assert "Group Kyoto cannot be deleted while High Availability is on" in html
    assert "1 group deleted." in html
    assert names(response) == ["Kyoto"]


def test_delete_selected_with_nothing_selected(admin: Client):
    response = admin.post(DELETE, {"group": "x"}, follow=True)

    assert "No group is selected" in response.content.decode()


def test_delete_selected_rejects_get(admin: Client):
    assert admin.get(DELETE).status_code == 405
