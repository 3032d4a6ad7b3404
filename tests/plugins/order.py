"""Stories on whole installations begin first: no worker is left alone with one at the end."""

from __future__ import annotations

import pytest

from tests.plugins.again import AGAIN


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Scopes are handed out in the order of their first test; see ``--no-loadscope-reorder``.
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in AGAIN))
