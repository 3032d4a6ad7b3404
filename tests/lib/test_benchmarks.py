"""The benchmarks run seldom; that they still find all they measure is seen in every run."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import benchmarks

ONLY_AS_SETTINGS = {"admin_settings", "admin_urls"}
"""Of a process of their own, made for the comparison with Django admin."""
PARTS = sorted(
    file.stem for file in Path(benchmarks.__path__[0]).glob("*.py") if file.stem[0] != "_"
)


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ONLY_AS_SETTINGS])
def test_a_benchmark_finds_all_that_it_measures(part: str):
    importlib.import_module(f"benchmarks.{part}")
