"""The self-diagnostic tests: each passes on a healthy node, and each finds its problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prg_admin.domain.selftests import RULES, Finding, Outcome, Subject, Test, run, worst
from prg_admin.domain.states import CRITICAL_SERVICES, Role, ServiceState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wire import DatabaseReport, PeerReport, Report, ServiceReport

SERVICES = tuple(
    ServiceReport(name, ServiceState.STARTED, 1, 5.0, None, wanted=True, error="")
    for name in CRITICAL_SERVICES
)
REPORT = Report(
    node="imp1",
    version="15.0.1",
    boot_id="b",
    seq=1,
    up_s=5.0,
    highest_epoch=3,
    goal_epoch=3,
    goal_digest="",
    order_seq=0,
    role=Role.OWN,
    serving=("imp1",),
    sessions=0,
    fenced=False,
    fences=0,
    isolation_limit_s=3.0,
    serves_unasked=False,
    services=SERVICES,
    peer=PeerReport("imp2", 0.2, 0.4, "", ("imp2",)),
    database=DatabaseReport(answers=True, down_s=None, replication=2, detail=""),
)
PEER = replace(REPORT, node="imp2", peer=PeerReport("imp1", 0.2, 0.4, "", ("imp1",)))
HEALTHY = Subject(
    name="imp1",
    settings=RecoverySettings(),
    report=REPORT,
    rtt_ms=1.0,
    examined=True,
    certificate_name="imp1",
    certificate_days=900,
    free_bytes=10 * 1024**3,
    versions={"imp2": "15.0.1"},
    group="East",
    ha_enabled=True,
    peer="imp2",
    ordered_epoch=3,
    peer_report=PEER,
    re_login={"imp1": ("120", "537"), "imp2": ("120", "537")},
)


def found(subject: Subject, test: Test) -> Finding:
    return next(finding for finding in run(subject) if finding.test is test)


def said(**changes: Any) -> Subject:
    return replace(HEALTHY, report=replace(REPORT, **changes))


def down(name: str, **changes: Any) -> tuple[ServiceReport, ...]:
    gone = {"state": ServiceState.STOPPED, "pid": None, "up_s": None, "down_s": 1.0, **changes}
    return tuple(replace(s, **gone) if s.name == name else s for s in SERVICES)


def test_a_healthy_node_passes_every_test():
    findings = run(HEALTHY)

    assert [finding.test for finding in findings] == list(Test)
    assert {finding.outcome for finding in findings} == {Outcome.PASSED}
    assert worst(findings) is Outcome.PASSED


@pytest.mark.parametrize(
    ("subject", "test", "outcome", "problem"),
    [
        (replace(HEALTHY, report=None, error="refused"), Test.AGENT, "failed", "no-answer"),
        (replace(HEALTHY, has_rival=True), Test.IDENTITY, "failed", "rival"),
        (said(node="imp9"), Test.IDENTITY, "failed", "other-name"),
        (replace(HEALTHY, certificate_name="imp9"), Test.CERTIFICATE, "failed", "other-name"),
        (replace(HEALTHY, certificate_days=29), Test.CERTIFICATE, "warning", "ends-soon"),
        (
            replace(HEALTHY, examined=False, examine_error="tls"),
            Test.CERTIFICATE,
            "failed",
            "refused",
        ),
        (replace(HEALTHY, clock_ahead_s=-61.0), Test.CLOCK, "failed", "differs"),
        (replace(HEALTHY, clock_ahead_s=3.0), Test.CLOCK, "warning", "differs"),
        (replace(HEALTHY, free_bytes=1024), Test.DISK, "failed", "full"),
        (replace(HEALTHY, free_bytes=900 * 1024**2), Test.DISK, "warning", "full"),
        (replace(HEALTHY, versions={"imp2": "14.0"}), Test.VERSION, "failed", "differs"),
        (
            said(database=DatabaseReport(False, 3.0, None, "gone")),
            Test.DATABASE,
            "failed",
            "no-answer",
        ),
        (
            said(database=DatabaseReport(True, None, 3, "different")),
            Test.REPLICATION,
            "failed",
            "not-good",
        ),
        (
            said(database=DatabaseReport(True, None, None, "unreadable: x")),
            Test.REPLICATION,
            "failed",
            "unreadable",
        ),
        (said(services=down("Cisco SIP Proxy")), Test.SERVICES, "failed", "down"),
        (
            said(services=down("Cisco SIP Proxy"), role=Role.IDLE),
            Test.SERVICES,
            "warning",
            "idle",
        ),
        (
            said(services=down("Cisco SIP Proxy", activated=False)),
            Test.ACTIVATION,
            "failed",
            "critical",
        ),
        (replace(HEALTHY, group=""), Test.GROUP, "failed", "none"),
        (replace(HEALTHY, peer=""), Test.GROUP, "warning", "alone"),
        (replace(HEALTHY, ha_enabled=False), Test.GROUP, "warning", "no-ha"),
        (said(fenced=True), Test.ORDERS, "failed", "fenced"),
        (replace(HEALTHY, ordered_epoch=4), Test.ORDERS, "warning", "behind"),
        (
            said(peer=PeerReport("imp2", 9.0, None, "timeout", ())),
            Test.HEARS_PEER,
            "failed",
            "silent",
        ),
        (said(peer=None), Test.HEARS_PEER, "warning", "not-told"),
        (
            replace(
                HEALTHY,
                peer_report=replace(PEER, peer=PeerReport("imp1", 9.0, None, "refused", ())),
            ),
            Test.HEARD_BY_PEER,
            "failed",
            "silent",
        ),
        (said(peer=PeerReport("imp2", 0.1, 81.0, "", ())), Test.ROUND_TRIP, "warning", "slow"),
        (
            replace(HEALTHY, re_login={"imp1": ("120", "537"), "imp2": ("120", "620")}),
            Test.RE_LOGIN,
            "failed",
            "differ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_problem_is_found(subject: Subject, test: Test, outcome: str, problem: str):
    finding = found(subject, test)

    assert (finding.outcome, finding.problem) == (outcome, problem)


def test_a_default_service_that_is_off_is_a_warning():
    off = ServiceReport(
        "Cisco XCP Connection Manager", ServiceState.STOPPED, None, None, 1.0, False, "", False
    )
    finding = found(said(services=(*SERVICES, off)), Test.ACTIVATION)

    assert (finding.outcome, finding.problem) == (Outcome.WARNING, "default")


def test_what_needs_a_silent_node_is_not_run():
    findings = run(replace(HEALTHY, report=None, error="timeout", examined=False, peer_report=None))

    outcomes = {finding.test: finding.outcome for finding in findings}
    assert outcomes.pop(Test.AGENT) is Outcome.FAILED
    run_anyway = {Test.GROUP, Test.RE_LOGIN}
    assert {t for t, o in outcomes.items() if o is not Outcome.UNKNOWN} == run_anyway


def test_a_node_without_database_or_peer_has_tests_that_do_not_apply():
    alone = replace(said(database=None, peer=None), peer="", peer_report=None, re_login={})

    unknown = {f.test for f in run(alone) if f.outcome is Outcome.UNKNOWN}
    assert unknown == {
        Test.DATABASE,
        Test.REPLICATION,
        Test.HEARS_PEER,
        Test.HEARD_BY_PEER,
        Test.ROUND_TRIP,
        Test.RE_LOGIN,
    }


def test_there_is_one_rule_for_each_test():
    assert len(RULES) == len(Test)
