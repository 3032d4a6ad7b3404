"""The one validator, without a database."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prg_admin.domain.group_rules import (
    CurrentGroup,
    GroupContext,
    GroupDraft,
    validate_group,
    validate_group_deletion,
    validate_group_name,
)
from prg_admin.domain.naming import NAME_CHARACTERS, validate_description
from prg_admin.domain.node_rules import (
    NodeContext,
    NodeDraft,
    NodeFacts,
    validate_node,
    validate_node_deletion,
)
from prg_admin.domain.problems import Code, Problem

ONE = NodeFacts("one", "tokyo", "pub", "15.0.1")
TWO = NodeFacts("two", "tokyo", "pub", "15.0.1")
DRAFT = GroupDraft(name="Group_1-a", server1="one", server2="two")


def context(*nodes: NodeFacts, **more) -> GroupContext:
    known = {n.name: n for n in (ONE, TWO, *nodes)}
    values = {"other_names": frozenset(), "other_groups": {}, "nodes": known, **more}
    return GroupContext(**values)


def current(**more) -> CurrentGroup:
    values = {
        "name": "Group_1-a",
        "cluster": "tokyo",
        "server1": "one",
        "server2": "two",
        "ha_enabled": False,
        **more,
    }
    return CurrentGroup(**values)


def broken(problems: list[Problem]) -> set[tuple[str, Code]]:
    return {(p.field, p.code) for p in problems}


def test_a_good_group_has_no_problem():
    assert validate_group(dataclasses.replace(DRAFT, ha_enabled=True), context()) == []


@pytest.mark.parametrize(
    ("name", "code", "params"),
    [
        ("", Code.REQUIRED, {}),
        ("a" * 129, Code.TOO_LONG, {"length": 129, "limit": 128}),
        ("my group", Code.NAME_CHARACTERS, {"characters": (" ",)}),
        ("東京", Code.NAME_CHARACTERS, {"characters": ("東", "京")}),
        ("aé.b.", Code.NAME_CHARACTERS, {"characters": ("é", ".")}),
        ("١٢", Code.NAME_CHARACTERS, {"characters": ("١", "٢")}),
        ("a\n", Code.NAME_CHARACTERS, {"characters": ("\n",)}),
    ],
)
def test_wrong_names_are_told_with_what_is_wrong(name: str, code: Code, params: dict):
    problem = validate_group_name(name)[0]

    assert (problem.field, problem.code, problem.params) == ("name", code, params)


@given(st.text(alphabet=sorted(NAME_CHARACTERS), min_size=1, max_size=128))
def test_every_name_of_allowed_characters_is_allowed(name: str):
    assert validate_group_name(name) == []


@given(st.text(min_size=1, max_size=200))
def test_a_name_is_refused_exactly_when_it_breaks_a_rule(name: str):
    allowed = len(name) <= 128 and set(name) <= NAME_CHARACTERS

    assert (validate_group_name(name) == []) is allowed


@pytest.mark.parametrize(
    "text", ["", "a" * 128, "東京 第一　データセンター（予備）", "a/b 'c' #1;$", "é ñ"]
)
def test_good_descriptions(text: str):
    assert validate_description(text) == []


@pytest.mark.parametrize("character", ['"', "%", "&", "\\", "<", ">", "\t", "\0", "\x7f", "\u202e"])
def test_a_forbidden_character_of_a_description_is_named(character: str):
    problem = validate_description(f"a{character}b{character}")[0]

    assert problem.code is Code.FORBIDDEN_CHARACTERS
    assert problem.params == {"characters": (character,)}


def test_a_description_of_129_characters_is_too_long():
    assert broken(validate_description("あ" * 129)) == {("description", Code.TOO_LONG)}


def test_a_name_is_taken_without_regard_to_case():
    problems = validate_group(DRAFT, context(other_names=frozenset({"GROUP_1-A"})))

    assert problems == [
        Problem("name", Code.NAME_TAKEN, {"name": "Group_1-a", "other": "GROUP_1-A"})
    ]


def test_the_first_presence_server_is_required():
    draft = GroupDraft(name="a", server2="two")

    assert broken(validate_group(draft, context())) == {("server1", Code.REQUIRED)}


def test_one_node_is_enough_without_high_availability():
    assert validate_group(GroupDraft(name="a", server1="one"), context()) == []


def test_high_availability_needs_two_nodes():
    draft = GroupDraft(name="a", server1="one", ha_enabled=True)

    assert broken(validate_group(draft, context())) == {("ha_enabled", Code.HA_NEEDS_TWO)}


def test_the_same_node_twice():
    draft = GroupDraft(name="a", server1="one", server2="one")

    assert broken(validate_group(draft, context())) == {("server2", Code.SAME_NODE)}


def test_a_node_of_another_group_names_that_group():
    taken = dataclasses.replace(TWO, group="Kyoto")

    problems = validate_group(DRAFT, context(taken))

    assert problems == [Problem("server2", Code.NODE_TAKEN, {"node": "two", "group": "Kyoto"})]


def test_an_unknown_node():
    draft = GroupDraft(name="a", server1="three")

    assert broken(validate_group(draft, context())) == {("server1", Code.UNKNOWN_NODE)}


@pytest.mark.parametrize(
    ("change", "code", "values"),
    [
        ({"cluster": "osaka"}, Code.OTHER_CLUSTER, ("tokyo", "osaka")),
        ({"publisher": "pub2"}, Code.OTHER_PUBLISHER, ("pub", "pub2")),
        ({"version": "15.0.2"}, Code.OTHER_VERSION, ("15.0.1", "15.0.2")),
    ],
)
def test_what_a_pair_must_share_is_refused_with_both_values(
    change: dict, code: Code, values: tuple
):
    (problem,) = validate_group(DRAFT, context(dataclasses.replace(TWO, **change)))

    assert (problem.field, problem.code) == ("server2", code)
    assert (problem.params["value1"], problem.params["value2"]) == values


def test_a_node_never_heard_cannot_be_paired_but_can_be_alone():
    unheard = dataclasses.replace(ONE, version="")

    assert broken(validate_group(DRAFT, context(unheard))) == {("server1", Code.VERSION_UNKNOWN)}
    assert validate_group(GroupDraft(name="a", server1="one"), context(unheard)) == []


def test_at_most_three_groups_in_a_cluster():
    full = context(other_groups={"tokyo": 3})

    assert broken(validate_group(DRAFT, full)) == {("server1", Code.TOO_MANY_GROUPS)}
    assert validate_group(DRAFT, context(other_groups={"tokyo": 2, "osaka": 3})) == []


def test_a_group_that_exists_is_not_one_too_many():
    mates = [dataclasses.replace(n, group="Group_1-a") for n in (ONE, TWO)]
    full = context(*mates, other_groups={"tokyo": 3}, current=current())

    assert validate_group(DRAFT, full) == []


def test_members_stay_while_something_stands_against_it():
    draft = dataclasses.replace(DRAFT, server2=None)

    problems = validate_group(draft, context(current=current(members_fixed="ha-on")))

    assert problems == [
        Problem("server2", Code.MEMBERS_FIXED, {"group": "Group_1-a", "limitation": "ha-on"})
    ]


def test_a_node_with_users_cannot_leave_but_can_change_places():
    busy = dataclasses.replace(TWO, users=7)
    leaving = dataclasses.replace(DRAFT, server2=None)
    swapped = dataclasses.replace(DRAFT, server1="two", server2="one")
    known = context(busy, current=current())

    assert broken(validate_group(leaving, known)) == {("server2", Code.NODE_HAS_USERS)}
    assert validate_group(swapped, known) == []


def test_high_availability_stays_on_while_users_are_away():
    known = context(current=current(ha_enabled=True, ha_fixed="failed-over"))

    problems = validate_group(DRAFT, known)

    assert broken(problems) == {("ha_enabled", Code.HA_CANNOT_GO_OFF)}
    assert validate_group(dataclasses.replace(DRAFT, ha_enabled=True), known) == []


def test_a_pair_in_the_middle_of_an_upgrade_can_be_edited_but_not_enabled():
    newer = dataclasses.replace(TWO, version="15.0.2")
    on, off = (dataclasses.replace(DRAFT, ha_enabled=value) for value in (True, False))

    assert validate_group(off, context(newer, current=current(ha_enabled=True))) == []
    assert validate_group(off, context(newer, current=current())) == []
    refused = validate_group(on, context(newer, current=current()))
    assert broken(refused) == {("server2", Code.OTHER_VERSION)}


def test_every_field_is_judged_at_once():
    draft = GroupDraft(name="a b", description="<", server1="one", server2="one", ha_enabled=True)

    fields = [p.field for p in validate_group(draft, context())]

    assert fields == ["name", "description", "server2"]


def test_a_group_is_deleted_only_without_high_availability_and_users():
    assert broken(validate_group_deletion("Tokyo", {}, ha=True)) == {("", Code.GROUP_HAS_HA)}
    assert broken(validate_group_deletion("Tokyo", {"one": 3}, ha=False)) == {
        ("", Code.GROUP_HAS_USERS)
    }
    assert validate_group_deletion("Tokyo", {"one": 0, "two": 0}, ha=False) == []


NODE = NodeDraft(name="imp1.example.com", address="10.0.0.1", port=8443, cluster="tokyo")


def node_context(*others: NodeFacts, **more) -> NodeContext:
    values = {"other_nodes": others, "clusters": frozenset({"tokyo"}), "addresses": {}, **more}
    return NodeContext(**values)


def test_a_good_node_has_no_problem():
    assert validate_node(NODE, node_context()) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"name": ""}, "name", Code.REQUIRED),
        ({"name": "-a"}, "name", Code.HOST_NAME),
        ({"name": "a..b"}, "name", Code.HOST_NAME),
        ({"name": "../etc"}, "name", Code.HOST_NAME),
        ({"name": "a" * 129}, "name", Code.TOO_LONG),
        ({"name": "ONE"}, "name", Code.NAME_TAKEN),
        ({"description": "50%"}, "description", Code.FORBIDDEN_CHARACTERS),
        ({"address": ""}, "address", Code.REQUIRED),
        ({"address": "10.0.0.300"}, "address", Code.ADDRESS),
        ({"address": "fe80::zz"}, "address", Code.ADDRESS),
        ({"address": "a b"}, "address", Code.ADDRESS),
        ({"port": None}, "port", Code.REQUIRED),
        ({"port": 0}, "port", Code.PORT_RANGE),
        ({"port": 65536}, "port", Code.PORT_RANGE),
        ({"cluster": ""}, "cluster", Code.REQUIRED),
        ({"cluster": "new one"}, "cluster", Code.NAME_CHARACTERS),
        ({"publisher": "stranger"}, "publisher", Code.UNKNOWN_PUBLISHER),
    ],
)
def test_wrong_nodes(change: dict, field: str, code: Code):
    problems = validate_node(dataclasses.replace(NODE, **change), node_context(ONE))

    assert broken(problems) == {(field, code)}


@pytest.mark.parametrize("address", ["10.0.0.1", "fd00::1", "imp1", "IMP-1.example.com"])
def test_good_addresses(address: str):
    assert validate_node(dataclasses.replace(NODE, address=address), node_context()) == []


def test_an_address_has_one_agent():
    taken = node_context(addresses={("10.0.0.1", 8443): "one"})

    assert broken(validate_node(NODE, taken)) == {("port", Code.ADDRESS_TAKEN)}
    assert validate_node(dataclasses.replace(NODE, port=8444), taken) == []


def test_at_most_six_nodes_in_a_cluster():
    others = [dataclasses.replace(ONE, name=f"node{i}") for i in range(6)]

    assert broken(validate_node(NODE, node_context(*others))) == {("cluster", Code.TOO_MANY_NODES)}
    assert validate_node(NODE, node_context(*others[1:])) == []


def test_a_node_keeps_its_name_and_in_a_group_its_cluster_and_publisher():
    stored = NodeFacts("imp1", "tokyo", "imp1", group="Kyoto")
    draft = dataclasses.replace(NODE, name="imp2", cluster="osaka", publisher="imp2")

    problems = validate_node(draft, node_context(current=stored))

    assert broken(problems) == {
        ("name", Code.NAME_FIXED),
        ("cluster", Code.NODE_IN_GROUP),
        ("publisher", Code.NODE_IN_GROUP),
    }


def test_a_node_that_is_needed_cannot_be_deleted():
    needed = NodeFacts("pub", "tokyo", "pub", group="Kyoto", users=2)

    assert broken(validate_node_deletion(needed, (ONE,))) == {
        ("", Code.NODE_IN_GROUP),
        ("", Code.NODE_HAS_USERS),
        ("", Code.NODE_IS_PUBLISHER),
    }
    assert validate_node_deletion(ONE, (TWO,)) == []


@given(st.builds(GroupDraft, st.text(), st.text(), st.none() | st.text(), st.none() | st.text()))
def test_no_draft_breaks_the_validator(draft: GroupDraft):
    assert validate_group(draft, context()) or set(draft.servers) <= {"one", "two"}


def test_the_validator_needs_no_framework():
    code = (
        "import sys, prg_admin.domain.group_rules;"
        "print([m for m in ('django', 'celery', 'psycopg') if m in sys.modules])"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "[]"
