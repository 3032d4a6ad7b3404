from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture
def utils(db: None) -> Callable[..., str]:
    """Runs ``utils ha ...`` and gives what it printed."""

    def run(*words: str) -> str:
        out = StringIO()
        call_command("utils", "ha", *words, stdout=out)
        return out.getvalue()

    return run
