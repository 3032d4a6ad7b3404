"""What engine, agents and peers say to one another, as frozen values with a strict JSON form.

Three documents travel: the **goal** (engine to agent, inside an order), the **report** (agent to
engine, the answer to every request) and the **heartbeat** (agent to agent, both ways). A
**call-in** is an agent's short note to the engine that something happened; it carries no facts
that the engine would act upon, except that the node said goodbye before a clean shutdown.

Times are durations in seconds on the sender's monotonic clock, so no two clocks have to agree.
Reading a document that breaks a rule raises :class:`WireError`, which names the field. What passes
can be stored: numbers are finite and within bounds, texts have no characters that a database
refuses. So nothing that one node says can spoil what is kept of the others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from prg_admin.domain import strict
from prg_admin.domain.states import Role, ServiceState

SHORT_TEXT = {"most": 64}
REFUSED, REFUSING = "refused", "refusing"
"""Errors of a host without an agent: of one attempt, and of all for ``timing.REFUSED_S``."""
COUNT = {"most": 2**31 - 1}


class WireError(ValueError):
    """A document has a missing, superfluous or ill-typed field; the text names it."""


class Document:
    """JSON form of a frozen dataclass: every field present, none besides, each of its type."""

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = strict.plain(self)
        return plain

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises :class:`WireError` when ``data`` is not such a document."""
        try:
            return strict.read(cls, data)
        except strict.StrictError as error:
            raise WireError(str(error)) from None

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Raises :class:`WireError` when ``text`` is no JSON or not such a document."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WireError(f"{cls.__name__} is not JSON: {error}") from None
        return cls.from_json(data)


@dataclass(frozen=True, slots=True)
class Timing(Document):
    """Durations an agent needs, seconds; derived from the parameters by ``domain.timing``."""

    heartbeat_interval: float
    connect_timeout: float
    isolation_limit: float
    """Silence from engine and peer after which the node stops serving; 0 switches it off."""


@dataclass(frozen=True, slots=True)
class PeerAddress(Document):
    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Goal(Document):
    """What a node is to do. Agents refuse an epoch lower than the highest they have seen."""

    node: str
    group: str
    """Name of the presence redundancy group; empty for a node in no group."""
    epoch: int
    role: Role
    ha_enabled: bool
    fence: bool
    """The peer may take this node's users over, so it must stop serving when isolated."""
    peer_silence_s: float
    """Role both only: the peer's users may be admitted once the peer was not heard for so long.

    0 when the peer itself reported that it let go. With a positive value the agent judges by its
    own clock, because the peer's right to serve is renewed by each heartbeat that was answered.
    """
    peer: PeerAddress | None
    timing: Timing

    @property
    def digest(self) -> str:
        """Short fingerprint by which the engine sees that a report answers to this very goal."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Order(Document):
    """What is PUT to an agent: the goal, for the very state of the agent that the engine last saw.

    An agent refuses an order whose ``boot_id`` or ``fences`` is not its own of now (409,
    ``stale-order``). So an order that lay in a socket while the agent was frozen or cut off can
    never wake a node that has isolated itself in the meantime.

    It refuses one decided from an earlier report than the order it accepted last, too, and another
    goal decided from the same one. So a late order never undoes a later one, even where both are of
    one epoch, as when High Availability was switched off and on again.
    """

    goal: Goal
    boot_id: str
    fences: int
    seq: int
    """``Report.seq`` of the report it was decided from."""


@dataclass(frozen=True, slots=True)
class ServiceReport(Document):
    name: str
    state: ServiceState
    pid: int | None
    up_s: float | None
    """Seconds since it was started, None while it does not run."""
    down_s: float | None
    """Seconds since it was last running (or since the agent started), None while it runs."""
    wanted: bool
    """The agent means it to run; False after an administrator's Stop and while Idle."""
    error: str
    """Why the last start failed or how the process ended; empty when there is nothing to say."""
    activated: bool = True
    """False after somebody deactivated it on the node: it is stopped and nothing starts it."""

    @property
    def is_starting(self) -> bool:
        """It is being started, or waits for its turn; once that failed, ``error`` says so."""
        waits = self.state in (ServiceState.STARTING, ServiceState.STOPPED)
        return waits and self.wanted and not self.error


@dataclass(frozen=True, slots=True)
class DatabaseReport(Document):
    """The node's own database, as its agent reads it."""

    answers: bool
    down_s: float | None
    """Seconds since it last answered (or since the agent started), None while it answers."""
    replication: int | None
    """0 to 4 as in ``domain.replication``; None while it cannot be read."""
    detail: str
    """What the value was read from, in short; the error while it cannot be read."""
    lag_bytes: int | None = None
    """Of the publisher's log, still to be applied here; None where that is not known."""


@dataclass(frozen=True, slots=True)
class PeerReport(Document):
    """What a node hears from its peer."""

    name: str
    silence_s: float
    """Seconds since the peer was last heard (or since this agent first knew of it)."""
    rtt_ms: float | None
    error: str
    """Empty, ``refused``, ``timeout`` or another short cause of the last failed heartbeat.

    ``refusing`` when all for a while were refused: a host that lives, without an agent.
    """
    serving: tuple[str, ...]
    """Home nodes the peer said it serves, when it was last heard."""


@dataclass(frozen=True, slots=True)
class Report(Document):
    """What a node does now."""

    node: str
    version: str = field(metadata=SHORT_TEXT)
    boot_id: str = field(metadata=SHORT_TEXT)
    """Changes each time the agent starts."""
    seq: int
    """Counts this boot's reports, so that a late one is told from a new one."""
    order_seq: int
    """``Order.seq`` of the order accepted last in this boot, 0 before: earlier ones are void."""
    up_s: float
    highest_epoch: int
    goal_epoch: int
    goal_digest: str
    """Digest of the goal the agent follows; empty while it has none."""
    role: Role
    serving: tuple[str, ...]
    """Home nodes whose users are admitted now, sorted."""
    sessions: int = field(metadata=COUNT)
    """Live client sessions on this node."""
    fenced: bool
    """The node stopped serving by itself because it was isolated or has just started.

    It serves again only after an :class:`Order` for its present ``boot_id`` and ``fences``.
    """
    fences: int
    """How many times it isolated itself in this boot."""
    isolation_limit_s: float
    """Silence after which it stops serving by itself, as its goal has it; 0 when it would not."""
    serves_unasked: bool
    """After a restart it would serve at once: its goal is from without High Availability."""
    services: tuple[ServiceReport, ...]
    peer: PeerReport | None
    database: DatabaseReport | None
    """None for a node without a database of its own."""

    @property
    def isolates(self) -> bool:
        return self.isolation_limit_s > 0

    @property
    def services_running(self) -> bool:
        """All that are activated run."""
        return all(s.state is ServiceState.STARTED for s in self.services if s.activated)

    @property
    def services_stopped(self) -> bool:
        return all(s.state is ServiceState.STOPPED for s in self.services)


@dataclass(frozen=True, slots=True)
class Heartbeat(Document):
    """One agent's greeting to its peer, and the answer to it.

    An answer renews the greeter's right to serve only if ``role`` is not both and ``serving`` does
    not name the greeter: a peer that has taken over confirms nothing.
    """

    node: str
    boot_id: str
    highest_epoch: int
    role: Role
    serving: tuple[str, ...]


class CallInKind(StrEnum):
    STARTED = "started"
    SERVICE = "service"
    """A service died, started or stopped."""
    DATABASE = "database"
    """The node's database fell silent or answers again, or its replication changed."""
    GOAL = "goal"
    """The goal, or a step of it, was reached."""
    ALIVE = "alive"
    """The node cannot hear its peer and asks the engine to note that it lives.

    The engine answers 409 when the node's users have been given to its peer: nothing is renewed.
    """
    PEER = "peer"
    """The peer fell silent or was heard again."""
    GOODBYE = "goodbye"
    """Clean shutdown; services are stopped."""


@dataclass(frozen=True, slots=True)
class CallIn(Document):
    node: str
    boot_id: str = field(metadata=SHORT_TEXT)
    kind: CallInKind
    detail: str
