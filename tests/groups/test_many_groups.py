"""Find and List with 10,000 groups: what it costs does not depend on how many there are."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.groups.many import create_many_groups

GROUPS = "/system/presence-redundancy-groups/"
SERVERS = "/system/servers/"
COUNT = 10_000
MOST_QUERIES = 12
PAGE_BYTES = 120_000
"""Of 50 rows; a list with all of them would have megabytes."""
ASKED = (
    (GROUPS, ""),
    (GROUPS, "page=200"),
    (GROUPS, "field=name&operator=begins-with&text=group-07"),
    (
        GROUPS,
        "field=description&operator=contains&text=floor&field=server&operator=contains&text=1",
    ),
    (GROUPS, "field=state&operator=is-exactly&text=normal&sort=-users"),
    (SERVERS, ""),
    (SERVERS, "field=group&operator=ends-with&text=77&sort=-version&page=2"),
)


def test_a_page_of_ten_thousand_groups(admin: Client):
    create_many_groups(COUNT)
    for address, query in ASKED:
        with CaptureQueriesContext(connection) as queries:
            html = admin.get(f"{address}?{query}").content.decode()
        assert len(queries) <= MOST_QUERIES, query
        assert html.count('<th scope="row">') == 50, query
        assert len(html) < PAGE_BYTES, query
    _the_file_is_written_in_batches(admin)


def _the_file_is_written_in_batches(admin: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        content = b"".join(admin.get(GROUPS, {"view": "csv"}).streaming_content)
    assert content.count(b"\r\n") == COUNT + 1
    assert len(queries) == 2 + 1 + 2 * COUNT / 500  # session, user; keys; groups and members


def test_the_index_is_made_for_what_the_search_asks(db: None):
    """With few rows the planner scans; forbidden to, it must find the index it could use."""
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        for condition in ("like upper('group-07%')", "= upper('group-07')"):
            cursor.execute(
                "explain select 1 from groups_presenceredundancygroup"  # noqa: S608
                f" where upper(name::text) {condition}"
            )
            assert "group_name_found" in str(cursor.fetchall()), condition
