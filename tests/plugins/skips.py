"""On the build machine (CI=true) a skipped test is a failure, unless its reason is listed.

The list is ``allowed_skips`` in the test configuration: the beginnings of the reasons.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

Report = pytest.TestReport | pytest.CollectReport


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("allowed_skips", "reasons for which a test may be skipped in CI", type="linelist")


def refuse_skip(report: Report, allowed: list[str]) -> None:
    """Turn a skipped report into a failed one."""
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if not reason.startswith(tuple(allowed)):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped although CI=true: {reason}"


def _judge(report: Report, config: pytest.Config) -> None:
    if os.environ.get("CI") == "true":
        refuse_skip(report, config.getini("allowed_skips"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _judge(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _judge(report, collector.config)
    return report
