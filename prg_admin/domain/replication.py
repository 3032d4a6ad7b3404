"""What a node's replication is worth, from what its database says of itself.

The values 0 to 4 are those of the original (domain facts 8.2): 0 initializing, 1 incomplete,
2 good, 3 mismatched, 4 failed or dropped. High Availability wants 2 on every node. A subscriber is
judged by its subscription, the publisher by its publication. A **detail** is a cause in one word,
followed by what it is about; pages put the cause into words of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

MESSAGE_LIMIT_S = 75.0
"""An idle publisher is asked for a sign of life after half of ``wal_receiver_timeout`` (60 s) and
the connection given up after all of it; so an older message means that both have failed."""


class Replication(IntEnum):
    """Value of the set-up of a node's replication."""

    INITIALIZING = 0
    INCOMPLETE = 1
    GOOD = 2
    MISMATCH = 3
    FAILED = 4


class Cause(StrEnum):
    """Why a value is what it is; also why there is none."""

    NO_SUBSCRIPTION = "no-subscription"
    COPYING = "copying"
    NO_PUBLICATION = "no-publication"
    DISABLED = "disabled"
    TABLES_MISSING = "tables-missing"
    CATCHING_UP = "catching-up"
    NOTHING_PUBLISHED = "nothing-published"
    STREAMING = "streaming"
    """Good; the contents were not compared yet, or cannot be."""
    EQUAL = "equal"
    PUBLISHES = "publishes"
    DIFFERENT = "different"
    DROPPED = "dropped"
    ERRORS = "errors"
    NO_WORKER = "no-worker"
    RETRYING = "retrying"
    PUBLISHER_SILENT = "publisher-silent"
    SILENT = "silent"
    NO_ANSWER = "no-answer"
    """The database does not answer; there is no value."""
    UNREADABLE = "unreadable"
    """The database answers and does not let its views be read; there is no value."""


class TableState(StrEnum):
    """``pg_subscription_rel.srsubstate``."""

    INITIALIZE = "i"
    DATA = "d"
    FINISHED = "f"
    SYNCHRONIZED = "s"
    READY = "r"


COPYING_STATES = frozenset({TableState.INITIALIZE, TableState.DATA})


@dataclass(frozen=True, slots=True)
class Observation:
    """A subscriber's views at one moment; several subscriptions count as one, the worst of each."""

    subscribed: bool
    enabled: bool = True
    worker: bool = True
    """A process applies changes."""
    worker_is_new: bool = False
    """It is not the one of the reading before."""
    tables: tuple[tuple[str, TableState], ...] = ()
    expected_tables: int | None = None
    """What the publisher publishes; None while it cannot be asked."""
    message_age_s: float | None = None
    """Since the publisher last said anything; None when it has not yet."""
    errors: int = 0
    """Of applying and of copying, ever; compare with ``errors_before``, the reading before."""
    errors_before: int | None = None
    publisher_answers: bool | None = None
    """None: not asked."""
    same_content: bool | None = None
    """Whether the tables equal the publisher's; None: not known."""
    was_subscribed: bool = False
    """Some earlier reading saw a subscription."""
    was_failed: bool = False
    """The reading before gave 4, for the same subscription."""

    def names(self, *states: TableState) -> str:
        return ", ".join(sorted(name for name, state in self.tables if state in states))


@dataclass(frozen=True, slots=True)
class Publishing:
    """The publisher's own views at one moment."""

    publications: int
    tables: int
    was_publishing: bool = False
    """Some earlier reading saw a publication."""


@dataclass(frozen=True, slots=True)
class Assessment:
    value: Replication | None
    cause: Cause
    about: str = ""

    @property
    def detail(self) -> str:
        return f"{self.cause}: {self.about}" if self.about else self.cause.value


def read_detail(detail: str) -> tuple[Cause | None, str]:
    """Cause and rest of :attr:`Assessment.detail`; a foreign text has no cause."""
    word, _, about = detail.partition(": ")
    try:
        return Cause(word), about
    except ValueError:
        return None, detail


def is_good(value: int | None) -> bool:
    """High Availability may be enabled without asking back."""
    return value == Replication.GOOD


def assess(seen: Observation) -> Assessment:
    """The value of a subscriber."""
    return _not_subscribed(seen) or _not_running(seen) or _not_ready(seen) or _running(seen)


def assess_publisher(seen: Publishing) -> Assessment:
    if seen.publications == 0:
        if seen.was_publishing:
            return Assessment(Replication.FAILED, Cause.DROPPED)
        return Assessment(Replication.INITIALIZING, Cause.NO_PUBLICATION)
    if seen.tables == 0:
        return Assessment(Replication.INCOMPLETE, Cause.NOTHING_PUBLISHED)
    return Assessment(Replication.GOOD, Cause.PUBLISHES, str(seen.tables))


def _not_subscribed(seen: Observation) -> Assessment | None:
    if not seen.subscribed:
        if seen.was_subscribed:
            return Assessment(Replication.FAILED, Cause.DROPPED)
        return Assessment(Replication.INITIALIZING, Cause.NO_SUBSCRIPTION)
    if not seen.enabled:
        return Assessment(Replication.INCOMPLETE, Cause.DISABLED)
    return None


def _not_running(seen: Observation) -> Assessment | None:
    # The counter never falls, so what it counted before the first reading may long be over.
    if seen.errors_before is not None and seen.errors > seen.errors_before:
        return Assessment(Replication.FAILED, Cause.ERRORS)
    if not seen.worker:
        return Assessment(Replication.FAILED, Cause.NO_WORKER)
    # A worker that fails is started again and again, and lives for a moment each time.
    if seen.was_failed and (seen.worker_is_new or seen.names(*COPYING_STATES)):
        return Assessment(Replication.FAILED, Cause.RETRYING)
    return None


def _not_ready(seen: Observation) -> Assessment | None:
    if copying := seen.names(*COPYING_STATES):
        return Assessment(Replication.INITIALIZING, Cause.COPYING, copying)
    wanted = 1 if seen.expected_tables is None else seen.expected_tables
    if len(seen.tables) < wanted:
        count = f"{len(seen.tables)}/{wanted}"
        return Assessment(Replication.INCOMPLETE, Cause.TABLES_MISSING, count)
    if late := seen.names(TableState.FINISHED, TableState.SYNCHRONIZED):
        return Assessment(Replication.INCOMPLETE, Cause.CATCHING_UP, late)
    return None


def _running(seen: Observation) -> Assessment:
    if seen.publisher_answers is False:
        return Assessment(Replication.FAILED, Cause.PUBLISHER_SILENT)
    if seen.message_age_s is not None and seen.message_age_s > MESSAGE_LIMIT_S:
        return Assessment(Replication.FAILED, Cause.SILENT)
    if seen.same_content is False:
        return Assessment(Replication.MISMATCH, Cause.DIFFERENT)
    cause = Cause.STREAMING if seen.same_content is None else Cause.EQUAL
    return Assessment(Replication.GOOD, cause, str(len(seen.tables)))


def unreadable(cause: Cause, why: str) -> Assessment:
    """No value: the database does not answer, or does not let its views be read."""
    return Assessment(None, cause, _one_line(why.splitlines()))


def _one_line(lines: Iterable[str], longest: int = 200) -> str:
    return " ".join(" ".join(lines).split())[:longest]
