"""Cause and recommended action beside the states."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from django.utils.timezone import now

from prg_admin.domain.limitations import Limitation
from prg_admin.domain.problems import Code, Problem
from prg_admin.domain.states import FAILED_OVER_STATES, NodeState, Reason
from prg_admin.groups.status import GroupStatus, group_status
from prg_admin.lib import labels
from prg_admin.lib.advice import Standing, advice
from prg_admin.lib.sentences import limitation_text, problem_text
from tests.factories import create_cluster, create_group, create_node, create_report


def test_advice_is_the_same_either_way_round():
    lost = Standing("one", NodeState.DOWN, Reason.PEER_DOWN)
    backup = Standing("two", NodeState.BACKUP, Reason.PEER_DOWN)

    told = advice(backup, lost)

    assert told == advice(lost, backup)
    assert told
    assert "hears one" in told.cause


@pytest.mark.parametrize("state", sorted(FAILED_OVER_STATES))
def test_what_is_failed_over_ends_with_a_fallback(state: NodeState):
    told = advice(
        Standing("one", state, Reason.UNKNOWN),
        Standing("two", NodeState.BACKUP, Reason.UNKNOWN),
    )

    assert told
    assert "all back" in told.action


def test_labels_read_as_in_the_domain():
    with translation.override("en"):
        for state in NodeState:
            assert str(labels.STATES[state].text) == state.label
        for reason in Reason:
            assert labels.reason_text(reason) == reason.label


@pytest.mark.parametrize("limitation", list(Limitation))
def test_every_limitation_has_a_sentence(limitation: Limitation):
    assert "Not possible now" not in limitation_text(limitation)


PARAMS = {
    "known": "500, 1,000",
    "length": 129, "limit": 128, "characters": (" ", "<", "\t"), "name": "a", "other": "b",
    "node": "n", "node1": "n1", "node2": "n2", "value1": "v1", "value2": "v2", "group": "g",
    "cluster": "c", "count": 3, "users": 2, "limitation": "ha-on", "address": "x", "port": 1,
    "publisher": "p", "others": ("q", "r"),
}  # fmt: skip


@pytest.mark.parametrize("code", list(Code))
def test_every_problem_has_a_sentence(code: Code):
    text = problem_text(Problem("name", code, PARAMS))

    assert text.endswith(".")
    assert "%(" not in text


def test_wrong_characters_are_named():
    problem = Problem("name", Code.NAME_CHARACTERS, {"characters": (" ", "é", "\t", "\u3000")})

    assert "contains a space, “é”, U+0009, U+3000;" in problem_text(problem)


def standing_group(**report: Any) -> GroupStatus:
    cluster = create_cluster()
    one = create_node("one", cluster=cluster, report=create_report("one", **report))
    two = create_node("two", cluster=cluster)
    states = [NodeState.NORMAL, NodeState.NORMAL]
    return group_status(create_group(members=[one, two], states=states), now=now())


@pytest.mark.django_db
def test_a_healthy_pair_is_told_that_there_is_nothing_to_do():
    told = standing_group().advice

    assert told
    assert told.action == "There is nothing to do."


@pytest.mark.django_db
def test_nobody_is_told_so_while_something_is_wrong():
    assert standing_group(down=["Cisco XCP Router"]).advice is None
