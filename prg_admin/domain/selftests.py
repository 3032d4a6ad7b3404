"""The self-diagnostic tests of a node: what is looked at, and what each finding means.

Pure: whoever runs them asks the node and its peer first and hands the answers over as a
:class:`Subject`. A finding names its problem by a word; ``lib.selftests`` has problem and solution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.checkups import WANTED_RTT_MS
from prg_admin.domain.replication import is_good
from prg_admin.domain.services import BY_NAME, ServiceKind
from prg_admin.domain.states import Role, ServiceState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wire import Report

CLOCK_WARNING_S = 2.0
CLOCK_FAILURE_S = 60.0
"""Certificates and logs are judged by the clock; recovery itself is not."""
CERTIFICATE_WARNING_DAYS = 30
FREE_WARNING = 1024**3
FREE_FAILURE = 50 * 1024**2
MEGABYTE = 1024**2


class Outcome(StrEnum):
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Could not be run, because something else it needs has failed."""


class Test(StrEnum):
    """In the order of the page."""

    AGENT = "agent"
    IDENTITY = "identity"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    DISK = "disk"
    VERSION = "version"
    DATABASE = "database"
    REPLICATION = "replication"
    SERVICES = "services"
    ACTIVATION = "activation"
    GROUP = "group"
    ORDERS = "orders"
    HEARS_PEER = "hears-peer"
    HEARD_BY_PEER = "heard-by-peer"
    ROUND_TRIP = "round-trip"
    RE_LOGIN = "re-login"

    __test__ = False  # no test of pytest's


@dataclass(frozen=True, slots=True)
class Finding:
    test: Test
    outcome: Outcome
    problem: str = ""
    """Which of the test's problems; empty when there is none."""
    values: Mapping[str, str | int | float] = dataclasses.field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """A node as it has just been asked."""

    name: str
    settings: RecoverySettings
    report: Report | None
    error: str = ""
    """Why there is no report."""
    rtt_ms: float | None = None
    has_rival: bool = False
    examined: bool = False
    """It answered the checkup too; what follows is from there."""
    examine_error: str = ""
    clock_ahead_s: float = 0.0
    certificate_name: str = ""
    certificate_days: int = 0
    free_bytes: int = 0
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    """Of the other nodes of the cluster, as far as they are known."""
    group: str = ""
    ha_enabled: bool = False
    peer: str = ""
    ordered_epoch: int = 0
    peer_report: Report | None = None
    re_login: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict, hash=False)
    """Lower and upper limit of each node of the group."""


Rule = Callable[[Subject], Finding]


def run(subject: Subject) -> list[Finding]:
    return [rule(subject) for rule in RULES]


def worst(findings: list[Finding]) -> Outcome:
    order = (Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN)
    found = {finding.outcome for finding in findings}
    return next((outcome for outcome in order if outcome in found), Outcome.PASSED)


def _passed(test: Test, **values: str | float) -> Finding:
    return Finding(test, Outcome.PASSED, "", values)


def _warning(test: Test, problem: str, **values: str | float) -> Finding:
    return Finding(test, Outcome.WARNING, problem, values)


def _failed(test: Test, problem: str, **values: str | float) -> Finding:
    return Finding(test, Outcome.FAILED, problem, values)


def _unknown(test: Test, problem: str = "no-answer") -> Finding:
    return Finding(test, Outcome.UNKNOWN, problem)


def _agent(s: Subject) -> Finding:
    if s.report is None:
        return _failed(Test.AGENT, "no-answer", error=s.error)
    return _passed(Test.AGENT, ms=round(s.rtt_ms or 0.0, 1))


def _identity(s: Subject) -> Finding:
    if s.has_rival:
        return _failed(Test.IDENTITY, "rival")
    if s.report is not None and s.report.node != s.name:
        return _failed(Test.IDENTITY, "other-name", name=s.report.node)
    return _unknown(Test.IDENTITY) if s.report is None else _passed(Test.IDENTITY)


def _certificate(s: Subject) -> Finding:
    if not s.examined:
        if s.examine_error == "tls" or s.error == "tls":
            return _failed(Test.CERTIFICATE, "refused")
        return _unknown(Test.CERTIFICATE)
    values: dict[str, str | float] = {"name": s.certificate_name, "days": s.certificate_days}
    if s.certificate_name != s.name[:64]:
        return _failed(Test.CERTIFICATE, "other-name", **values)
    if s.certificate_days < CERTIFICATE_WARNING_DAYS:
        return _warning(Test.CERTIFICATE, "ends-soon", **values)
    return _passed(Test.CERTIFICATE, **values)


def _clock(s: Subject) -> Finding:
    if not s.examined:
        return _unknown(Test.CLOCK)
    ahead = round(s.clock_ahead_s, 1)
    if abs(ahead) > CLOCK_FAILURE_S:
        return _failed(Test.CLOCK, "differs", ahead=ahead)
    if abs(ahead) > CLOCK_WARNING_S:
        return _warning(Test.CLOCK, "differs", ahead=ahead)
    return _passed(Test.CLOCK, ahead=ahead)


def _disk(s: Subject) -> Finding:
    if not s.examined:
        return _unknown(Test.DISK)
    free = s.free_bytes // MEGABYTE
    if s.free_bytes < FREE_FAILURE:
        return _failed(Test.DISK, "full", megabytes=free)
    if s.free_bytes < FREE_WARNING:
        return _warning(Test.DISK, "full", megabytes=free)
    return _passed(Test.DISK, megabytes=free)


def _version(s: Subject) -> Finding:
    if s.report is None:
        return _unknown(Test.VERSION)
    others = {n: v for n, v in s.versions.items() if v and v != s.report.version}
    if others:
        differing = ", ".join(f"{name} {version}" for name, version in sorted(others.items()))
        return _failed(Test.VERSION, "differs", version=s.report.version, others=differing)
    return _passed(Test.VERSION, version=s.report.version)


def _database(s: Subject) -> Finding:
    if s.report is None:
        return _unknown(Test.DATABASE)
    if s.report.database is None:
        return _unknown(Test.DATABASE, "none")
    if not s.report.database.answers:
        return _failed(Test.DATABASE, "no-answer", detail=s.report.database.detail)
    return _passed(Test.DATABASE)


def _replication(s: Subject) -> Finding:
    if s.report is None:
        return _unknown(Test.REPLICATION)
    database = s.report.database
    if database is None:
        return _unknown(Test.REPLICATION, "none")
    if database.replication is None:
        return _failed(Test.REPLICATION, "unreadable", detail=database.detail)
    if not is_good(database.replication):
        value, detail = database.replication, database.detail
        return _failed(Test.REPLICATION, "not-good", value=value, detail=detail)
    return _passed(Test.REPLICATION, value=database.replication)


def _services(s: Subject) -> Finding:
    if s.report is None:
        return _unknown(Test.SERVICES)
    critical = s.settings.critical_services
    rows = [r for r in s.report.services if r.name in critical]
    down = [r.name for r in rows if r.state is not ServiceState.STARTED]
    if not down:
        return _passed(Test.SERVICES, count=len(rows))
    if s.report.role is Role.IDLE:
        return _warning(Test.SERVICES, "idle", services=", ".join(down))
    return _failed(Test.SERVICES, "down", services=", ".join(down))


def _activation(s: Subject) -> Finding:
    if s.report is None:
        return _unknown(Test.ACTIVATION)
    off = [r.name for r in s.report.services if not r.activated]
    critical = [name for name in off if name in s.settings.critical_services]
    if critical:
        return _failed(Test.ACTIVATION, "critical", services=", ".join(critical))
    wanted = [n for n in off if (known := BY_NAME.get(n)) and known.default]
    if wanted:
        return _warning(Test.ACTIVATION, "default", services=", ".join(wanted))
    features = [r for r in s.report.services if r.activated and _is_feature(r.name)]
    return _passed(Test.ACTIVATION, count=len(features))


def _is_feature(name: str) -> bool:
    known = BY_NAME.get(name)
    return known is not None and known.kind is ServiceKind.FEATURE


def _group(s: Subject) -> Finding:
    if not s.group:
        return _failed(Test.GROUP, "none")
    if not s.peer:
        return _warning(Test.GROUP, "alone", group=s.group)
    if not s.ha_enabled:
        return _warning(Test.GROUP, "no-ha", group=s.group)
    return _passed(Test.GROUP, group=s.group)


def _orders(s: Subject) -> Finding:
    if s.report is None:
        return _unknown(Test.ORDERS)
    if s.report.fenced:
        return _failed(Test.ORDERS, "fenced")
    if s.ordered_epoch and s.report.goal_epoch < s.ordered_epoch:
        return _warning(Test.ORDERS, "behind")
    return _passed(Test.ORDERS)


def _hears_peer(s: Subject) -> Finding:
    if not s.peer:
        return _unknown(Test.HEARS_PEER, "no-peer")
    return _hearing(Test.HEARS_PEER, s.report, s.peer)


def _heard_by_peer(s: Subject) -> Finding:
    if not s.peer:
        return _unknown(Test.HEARD_BY_PEER, "no-peer")
    return _hearing(Test.HEARD_BY_PEER, s.peer_report, s.name, peer=s.peer)


def _hearing(test: Test, witness: Report | None, speaker: str, **values: str) -> Finding:
    if witness is None:
        return _unknown(test)
    if witness.peer is None or witness.peer.name != speaker:
        return _warning(test, "not-told", speaker=speaker, **values)
    if witness.peer.error:
        error = witness.peer.error
        return _failed(test, "silent", speaker=speaker, error=error, **values)
    return _passed(test, silence=round(witness.peer.silence_s, 1))


def _round_trip(s: Subject) -> Finding:
    peer = s.report.peer if s.report else None
    if peer is None or peer.rtt_ms is None:
        return _unknown(Test.ROUND_TRIP, "no-peer" if not s.peer else "no-answer")
    ms = round(peer.rtt_ms, 1)
    if ms > WANTED_RTT_MS:
        return _warning(Test.ROUND_TRIP, "slow", ms=ms, limit=int(WANTED_RTT_MS))
    return _passed(Test.ROUND_TRIP, ms=ms)


def _re_login(s: Subject) -> Finding:
    if len(s.re_login) < 2:  # noqa: PLR2004
        return _unknown(Test.RE_LOGIN, "no-peer")
    if len(set(s.re_login.values())) > 1:
        shown = ", ".join(f"{name} {low}-{high} s" for name, (low, high) in s.re_login.items())
        return _failed(Test.RE_LOGIN, "differ", limits=shown)
    low, high = next(iter(s.re_login.values()))
    return _passed(Test.RE_LOGIN, lower=low, upper=high)


RULES: tuple[Rule, ...] = (
    _agent, _identity, _certificate, _clock, _disk, _version, _database, _replication, _services,
    _activation, _group, _orders, _hears_peer, _heard_by_peer, _round_trip, _re_login,
)  # fmt: skip
