"""Stories on whole installations get a second try; each one that needed it is told in the summary.

They run dozens of processes on a machine that may be busy with other things, against deadlines of
the product itself (a delay of two seconds is two seconds, however slow the machine). A fault of the
product shows twice; a machine that stood still for a moment does not.
"""

from __future__ import annotations

import pytest

AGAIN = ("processes", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.get_closest_marker(name) for name in AGAIN):
            item.add_marker(pytest.mark.flaky(reruns=1))
