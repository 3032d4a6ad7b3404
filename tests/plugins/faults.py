"""Which faults a run injected, what became of them, and how long they took: told at its end.

A test that injects a fault of the rules carries its number, ``@pytest.mark.fault("F02")``. One that
measures what the worst case is computed for says so with the fixture ``measured``; times are told,
never asserted. Both travel with the test's reports, so they come through pytest-xdist as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

FAULT, MEASURED = "fault", "measured"
FAILED, SKIPPED, PASSED = "failed", "skipped", "passed"
WORST_FIRST = (FAILED, SKIPPED, PASSED)
Measured = Callable[[str, float, float], None]
"""Takes the fault, the seconds seen, and those that the formula allows."""


class Fault(NamedTuple):
    what: str
    expected: str


FAULTS = {
    "F01": Fault("agent killed", "failover in time; what it left running serves nobody"),
    "F02": Fault("critical service killed", "failover after the delay; none if back in time"),
    "F03": Fault("host drops everything", "failover in the worst case of silence"),
    "F04": Fault("connections refused", "failover, sooner than by silence"),
    "F05": Fault("accepts, never answers", "failover by the total deadline"),
    "F06": Fault("frozen and thawed", "below the limit nothing; above it serves nobody after"),
    "F07": Fault("one node hears not the other", "no failover while the engine hears both"),
    "F08": Fault("engine hears not one node", "no failover while its peer hears it"),
    "F09": Fault("engine cut off from all", "blind, no action"),
    "F10": Fault("node cut off from all", "stops before its peer serves; a way home after"),
    "F11": Fault("flapping link", "automatic fallback held after two failovers"),
    "F12": Fault("loss, delay, doubles, disorder", "no false failover"),
    "F13": Fault("wall clock stepped", "no action caused by it, none hidden"),
    "F14": Fault("worker paused, ticks late", "observes only, then goes on"),
    "F15": Fault("two beats, four workers", "one transition"),
    "F16": Fault("worker killed at any point", "another one finishes"),
    "F17": Fault("Redis stopped, restarted, emptied", "goes on or resumes; pages catch up"),
    "F18": Fault("PostgreSQL restarted, locked, slow", "tried again, nothing half done"),
    "F19": Fault("both nodes die", "Failed, nobody moved, Recover works"),
    "F20": Fault("second death within a recovery", "a defined end and a way home"),
    "F21": Fault("return with an old epoch and goal", "refused, led to the goal of now"),
    "F22": Fault("both nodes start together", "each user served once"),
    "F23": Fault("operator against engine or operator", "one wins, the other is told"),
    "F24": Fault("enabled while something is wrong", "what the page said beforehand"),
    "F25": Fault("unequal versions", "refused with the reason"),
    "F26": Fault("two machines claim one node", "second ignored, alarm, no death hidden"),
    "F27": Fault("half of all groups fail", "all seen to, no other group touched"),
    "F28": Fault("home node dies in its fallback", "back with the backup, nobody lost"),
    "F29": Fault("parameters changed in a recovery", "it keeps those it began with"),
    "F30": Fault("browser asleep, two tabs", "shows what the database holds"),
    "F31": Fault("notification channel hangs", "failover unaffected, alarm later, shown"),
    "F32": Fault("two at random, for hours", "every invariant; that is make soak"),
}


def faults_of(item: pytest.Item) -> list[str]:
    return [fault for mark in item.iter_markers(FAULT) for fault in mark.args]


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    def note(fault: str, seconds: float, bound: float) -> None:
        assert fault in faults_of(request.node), f"the test does not carry {fault}"
        request.node.user_properties.append((MEASURED, [fault, seconds, bound]))

    return note


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fault in faults_of(item):
            if fault not in FAULTS:
                raise pytest.UsageError(f"{item.nodeid}: the rules know no fault {fault!r}")
            item.user_properties.append((FAULT, fault))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(FaultTable(), "fault-table")


@dataclass(eq=False)  # a plugin is looked up by its hash
class FaultTable:
    """The reports of a run, by fault."""

    ended: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """How each test ended, by fault and test."""
    measures: dict[str, dict[str, list[tuple[float, float]]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Seconds and bounds, by fault and test."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid
        measures = defaultdict(list)
        for name, value in report.user_properties:
            if name == MEASURED:
                fault, seconds, bound = value
                measures[fault].append((seconds, bound))
        for name, fault in report.user_properties:
            if name != FAULT:
                continue
            if report.outcome not in WORST_FIRST:  # it is tried again: only that attempt counts
                self.ended[fault].pop(test, None)
                continue
            before = self.ended[fault].get(test, PASSED)
            self.ended[fault][test] = min(before, report.outcome, key=WORST_FIRST.index)
            self.measures[fault][test] = measures[fault]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not any(self.ended.values()):
            return
        terminalreporter.section("faults of the rules that this run injected")
        for fault in FAULTS:
            if self.ended.get(fault):
                terminalreporter.line(self.line(fault))
        missing = [fault for fault in FAULTS if not self.ended.get(fault)]
        if missing:
            terminalreporter.line(f"injected by no test of this run: {', '.join(missing)}")

    def line(self, fault: str) -> str:
        what, expected = FAULTS[fault]
        ends = [f"{outcome}: {', '.join(names)}" for outcome, names in self._tests(fault)]
        return " | ".join([f"{fault} {what}", expected, "; ".join(ends), *self._worst(fault)])

    def _tests(self, fault: str) -> list[tuple[str, list[str]]]:
        ended = self.ended[fault]
        by_outcome = [
            (outcome, _names(test for test, end in ended.items() if end == outcome))
            for outcome in WORST_FIRST
        ]
        return [(outcome, names) for outcome, names in by_outcome if names]

    def _worst(self, fault: str) -> list[str]:
        """The measure that came nearest to its bound."""
        measures = [m for of_test in self.measures[fault].values() for m in of_test]
        if not measures:
            return []
        seconds, bound = max(measures, key=lambda m: m[0] / m[1])
        return [f"{seconds:.2f} s of at most {bound:.2f} s"]


def _names(tests: Iterable[str]) -> list[str]:
    """Without modules; of a test with parameters how many there were."""
    counted = Counter(test.rpartition("::")[2].partition("[")[0] for test in tests)
    return [name if count == 1 else f"{name} ({count})" for name, count in counted.items()]
