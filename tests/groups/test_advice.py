"""Cause and recommended action beside the states."""

from __future__ import annotations

import pytest
from django.utils import translation

from prg_admin.domain.pair import Limitation
from prg_admin.domain.states import FAILED_OVER_STATES, NodeState, Reason
from prg_admin.domain.validation import Code, Problem
from prg_admin.lib import labels
from prg_admin.lib.advice import Standing, advice
from prg_admin.lib.sentences import limitation_text, problem_text


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
