"""Every finding has words."""

from __future__ import annotations

import pytest

from prg_admin.domain.selftests import Finding, Outcome, Test
from prg_admin.lib.selftests import NOT_RUN, PASSED, PROBLEMS, TESTS, told

NAMES = (
    "error name days ahead megabytes version others detail value services group speaker peer "
    "silence ms limit limits count lower upper"
)
VALUES = dict.fromkeys(NAMES.split(), 7)


@pytest.mark.parametrize("key", PROBLEMS, ids="-".join)
def test_every_problem_has_a_solution(key: tuple[Test, str]):
    words = told(Finding(key[0], Outcome.FAILED, key[1], VALUES))

    assert words.problem.endswith((".", "7"))
    assert words.solution.endswith(".")


def test_every_test_has_a_name_and_passes_in_words():
    assert set(TESTS) == set(Test)
    for test in Test:
        seen = told(Finding(test, Outcome.PASSED, "", VALUES)).problem
        assert bool(seen) == (test in PASSED)


@pytest.mark.parametrize("why", NOT_RUN)
def test_what_was_not_run_says_why(why: str):
    assert told(Finding(Test.DATABASE, Outcome.UNKNOWN, why)).problem.startswith("Not run")


def test_the_cause_of_a_replication_is_told_in_words():
    values = {"value": 3, "detail": "different"}
    words = told(Finding(Test.REPLICATION, Outcome.FAILED, "not-good", values))

    assert "differ from the publisher" in words.problem
