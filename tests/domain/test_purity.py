"""The domain and the agent stand without the web's libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("django", "celery", "redis")


@pytest.mark.parametrize("package", ["prg_admin.domain.pair", "prg_admin.agent.run"])
def test_importing_it_brings_in_none_of_them(package: str):
    code = f"import sys, {package}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
