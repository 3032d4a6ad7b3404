"""Every fault of the rules has a test that is there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.lab.faults import FAULTS, WITHOUT_A_TEST

TESTS = Path(__file__).parents[1]
NUMBERS = {f"F{number:02}" for number in range(1, 33)}


@cache
def all_names() -> frozenset[str]:
    trees = (ast.parse(file.read_text()) for file in TESTS.rglob("test_*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in nodes if isinstance(node, kinds))


def test_every_fault_is_listed_once():
    assert set(FAULTS) | set(WITHOUT_A_TEST) == NUMBERS
    assert not set(FAULTS) & set(WITHOUT_A_TEST)


@pytest.mark.parametrize(("fault", "names"), FAULTS.items(), ids=list(FAULTS))
def test_every_listed_test_is_there(fault: str, names: tuple[str, ...]):
    assert names
    assert set(names) <= all_names(), fault
