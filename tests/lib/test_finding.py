"""Find and List: what is read from the address of a list, and its CSV file."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from prg_admin.lib.finding.columns import Column, Listing, Operator
from prg_admin.lib.finding.csv import cell, csv_chunks
from prg_admin.lib.finding.find import LONGEST_TEXT, MOST_CRITERIA, Found, find
from prg_admin.topology.models import Cluster, Node
from tests.factories import create_cluster, create_group, create_node

PORTS = {1: "one", 8443: "usual"}
NODES = Listing(
    "nodes",
    sort="name",
    columns=(
        Column("name", "Name", find="name", sort="name", value=lambda node: node.name),
        Column("description", "Description", find="description", sort="description"),
        Column("port", "Port", find="port", choices=PORTS, is_text=False, sort=("port", "name")),
        Column("group", "Group", find="member__group__name", value=lambda node: node.port),
    ),
)
CLUSTERS = Listing(
    "clusters", sort="name", columns=(
        Column("name", "Name", find="name", sort="name"),
        Column("node", "Node", find="nodes__name", many=True),
    ),
)  # fmt: skip


def found(address: str, listing: Listing = NODES) -> Found:
    model = Node if listing is NODES else Cluster
    return find(QueryDict(address), listing, model.objects.all())


def names(address: str, listing: Listing = NODES) -> list[str]:
    return [record.name for record in found(address, listing).page.object_list]


@pytest.fixture
def nodes(db: None) -> None:
    create_node("Kyoto", description="古い都")
    create_node("tokyo", description="100% east", port=1)
    create_node("Nara")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ["Kyoto", "Nara", "tokyo"]),
        ("field=name&operator=begins-with&text=TO", ["tokyo"]),
        ("field=name&operator=contains&text=yo", ["Kyoto", "tokyo"]),
        ("field=name&operator=is-exactly&text=NARA", ["Nara"]),
        ("field=name&operator=ends-with&text=oto", ["Kyoto"]),
        ("field=name&operator=contains&text=", ["Kyoto", "Nara", "tokyo"]),
        ("field=name&operator=contains&text=%25", []),
        ("field=description&operator=contains&text=%25", ["tokyo"]),
        ("field=description&operator=is-empty&text=x", ["Nara"]),
        ("field=description&operator=is-not-empty", ["Kyoto", "tokyo"]),
        ("field=port&operator=begins-with&text=US", ["Kyoto", "Nara"]),
        ("field=port&operator=is-exactly&text=one", ["tokyo"]),
        ("field=port&operator=is-exactly&text=two", []),
        ("field=port&operator=is-empty", []),
        ("field=secret&operator=hack&text=n", ["Nara"]),
    ],
)
def test_a_criterion(nodes: None, address: str, expected: list[str]):
    assert names(address) == expected


def test_all_criteria_have_to_match(nodes: None):
    both = "field=name&operator=contains&text=yo&field=description&operator=contains&text=east"
    assert names(both) == ["tokyo"]


def test_an_empty_relation_is_empty(nodes: None):
    create_group("pair", members=[create_node("Osaka")])
    assert names("field=group&operator=is-empty") == ["Kyoto", "Nara", "tokyo"]
    assert names("field=group&operator=is-not-empty") == ["Osaka"]


def test_a_record_with_two_matches_is_found_once(db: None):
    full, _empty = create_cluster("full"), create_cluster("void")
    for name in ("imp1", "imp2"):
        create_node(name, cluster=full)
    assert names("field=node&operator=begins-with&text=imp", CLUSTERS) == ["full"]
    assert names("field=node&operator=is-empty", CLUSTERS) == ["void"]
    assert names("field=node&operator=is-not-empty", CLUSTERS) == ["full"]


def test_a_criterion_is_added_and_the_last_one_removed(db: None):
    one = "field=description&operator=contains&text=x"
    assert [c.column.name for c in found(f"{one}&criteria=add").criteria] == ["description", "name"]
    two = f"{one}&field=name&operator=contains&text=y&criteria=remove"
    assert [c.text for c in found(two).criteria] == ["x"]
    assert len(found(f"{one}&criteria=remove").criteria) == 1


def test_there_is_a_most_of_criteria(db: None):
    many = found("&".join(["field=name&operator=contains&text=a"] * (MOST_CRITERIA + 1)))
    assert len(many.criteria) == MOST_CRITERIA
    assert "At most 10 criteria" in many.problems[0]
    assert not many.can_widen


@pytest.mark.parametrize("text", ["x" * (LONGEST_TEXT + 1), "%00", "x" * 1_000_000])
def test_a_text_that_cannot_be_looked_for_finds_nothing_and_gets_a_sentence(nodes: None, text: str):
    refused = found(f"field=name&operator=contains&text={text}")
    assert refused.count == 0
    assert "Name: the search text" in refused.problems[0]
    assert len(refused.criteria[0].text) <= LONGEST_TEXT


def test_sorting_both_ways_and_by_what_is_not_there(nodes: None):
    assert names("sort=-name") == ["tokyo", "Nara", "Kyoto"]
    assert names("sort=port") == ["tokyo", "Kyoto", "Nara"]
    assert names("sort=group") == names("sort=pk;drop") == names("")


def test_headings_say_how_the_list_is_sorted_and_what_a_click_asks_for(db: None):
    first, second, *_, last = found("sort=-name&rows=10&page=3").headings
    assert (first.aria_sort, first.query) == ("descending", "rows=10&sort=name")
    assert (second.aria_sort, second.query) == ("", "rows=10&sort=description")
    assert last.query == ""


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "9" * 5000, "١"])
def test_a_page_that_is_not_there_is_another_one(nodes: None, page: str):
    assert names(f"rows=10&page={page}") == ["Kyoto", "Nara", "tokyo"]


def test_an_address_says_nothing_that_need_not_be_said(db: None):
    assert found("field=name&operator=begins-with&text=&rows=50&sort=name&page=2").query == ""
    kept = "field=port&operator=is-empty&text=&rows=25&sort=-port"
    assert found(f"{kept}&page=2&unknown=1&criteria=x").query == kept


def test_the_print_view_holds_all_pages(nodes: None):
    paper = found("view=print&rows=10&page=7")
    assert (paper.frame, paper.page.number, paper.count) == ("print.html", 1, 3)


def test_the_file_holds_all_that_was_found_in_its_order(nodes: None, django_assert_num_queries):
    with django_assert_num_queries(3):  # keys, two batches
        chunks = list(csv_chunks(found("sort=-name&rows=10"), list, size=2))
    lines = b"".join(chunks).decode().split("\r\n")
    assert lines == ["\ufeffName,Group", "tokyo,1", "Nara,8443", "Kyoto,8443", ""]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(text: str):
    assert cell(text) == f"'{text}"


def test_other_cells_are_as_they_are():
    assert [cell(v) for v in ("1-2", -5, None, True)] == ["1-2", -5, "", "yes"]


def test_operators_stand_in_the_order_people_know():
    words = [str(words) for words in found("", NODES).operators.values()]
    assert words[:2] == ["begins with", "contains"]
    assert words[-1] == "is not empty"
    assert len(words) == len(Operator) - 2  # this list has no times
