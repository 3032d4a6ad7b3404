"""The table of the faults that a run injected, and that every fault of the rules has a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.faults import FAULT, FAULTS, MEASURED, FaultTable

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
BY_THE_SOAK = {"F32"}
STORY = """
import pytest

@pytest.mark.fault("F02")
def test_moved(measured):
    measured("F02", 2.5, 3.3)

@pytest.mark.fault("F02", "F03")
def test_stayed():
    assert False
"""


def carried() -> Iterator[str]:
    """The faults in the decorators of all tests, without importing any of them."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            for call in getattr(node, "decorator_list", ()):
                if ast.unparse(call).startswith("pytest.mark.fault("):
                    yield from (ast.literal_eval(argument) for argument in call.args)


def test_every_fault_of_the_rules_is_injected_by_a_test():
    assert list(FAULTS) == [f"F{number:02}" for number in range(1, 33)]
    assert set(carried()) == set(FAULTS) - BY_THE_SOAK


def report(test: str, *properties: tuple[str, Any], outcome: str = "passed", when: str = "call"):
    return pytest.TestReport(
        nodeid=f"tests/test_it.py::{test}",
        location=("tests/test_it.py", 1, test),
        keywords={},
        outcome=outcome,
        longrepr=None,
        when=when,
        user_properties=properties,
    )


def test_of_several_measures_the_one_nearest_to_its_bound_is_told():
    table = FaultTable()
    for name, seconds, bound in (("test_a", 3.0, 10.0), ("test_b", 2.0, 4.0)):
        properties = ((FAULT, "F02"), (MEASURED, ["F02", seconds, bound]))
        table.pytest_runtest_logreport(report(name, *properties))
    assert table.line("F02").endswith("passed: test_a, test_b | 2.00 s of at most 4.00 s")


def test_of_a_test_with_parameters_is_told_how_many_there_were():
    table = FaultTable()
    for parameter in ("up", "down"):
        table.pytest_runtest_logreport(report(f"test_a[{parameter}]", (FAULT, "F02")))
    assert table.line("F02").endswith("passed: test_a (2)")


def test_a_teardown_that_fails_is_a_failure():
    table = FaultTable()
    table.pytest_runtest_logreport(report("test_a", (FAULT, "F02")))
    after = report("test_a", (FAULT, "F02"), outcome="failed", when="teardown")
    table.pytest_runtest_logreport(after)
    assert "failed: test_a" in table.line("F02")


def test_of_a_test_that_was_tried_again_the_last_attempt_counts():
    table = FaultTable()
    table.pytest_runtest_logreport(report("test_a", (FAULT, "F02"), outcome="rerun"))
    table.pytest_runtest_logreport(report("test_a", (FAULT, "F02")))
    assert table.line("F02").endswith("passed: test_a")


def test_a_run_tells_its_faults_and_those_it_did_not_inject(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    """From a worker of pytest-xdist, too."""
    ended = run(pytester, monkeypatch, STORY, "-n", "1")
    ended.stdout.fnmatch_lines(
        [
            "F02 critical service killed | * | failed: test_stayed; passed: test_moved | 2.50 s *",
            "F03 host drops everything | * | failed: test_stayed",
            "injected by no test of this run: F01, F04, *, F32",
        ]
    )


def test_a_run_without_faults_tells_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    ended = run(pytester, monkeypatch, "def test_it(): pass")
    ended.assert_outcomes(passed=1)
    ended.stdout.no_fnmatch_line("*faults of the rules*")


@pytest.mark.parametrize(
    ("story", "told"),
    [
        (STORY.replace("F03", "F99"), "*the rules know no fault 'F99'*"),
        (STORY.replace('measured("F02"', 'measured("F05"'), "*the test does not carry F05*"),
    ],
)
def test_a_fault_that_is_not_meant_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, story: str, told: str
):
    ended = run(pytester, monkeypatch, story)
    (ended.stdout if "F05" in told else ended.stderr).fnmatch_lines([told])


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, story: str, *options: str
) -> pytest.RunResult:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = fault")
    pytester.makepyfile(story)
    wanted = ("-p", "tests.plugins.faults", "-p", "no:django", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*wanted, *options)
