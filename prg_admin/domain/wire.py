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

import dataclasses
import functools
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Self, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from prg_admin.domain.states import Role, ServiceState

D = TypeVar("D", bound="Document")

MOST_CHARACTERS = 4096
HIGHEST_NUMBER = 2**62
"""Bounds where a field names none; an epoch has room to rise above this one."""
SHORT_TEXT = {"most": 64}
COUNT = {"most": 2**31 - 1}
NO_CHARACTERS = re.compile("[\0\ud800-\udfff]")


class WireError(ValueError):
    """A document has a missing, superfluous or ill-typed field; the text names it."""


class Document:
    """JSON form of a frozen dataclass: every field present, none besides, each of its type."""

    def to_json(self) -> dict[str, Any]:
        names = (f.name for f in dataclasses.fields(self))  # type: ignore[arg-type]
        return {name: _plain(getattr(self, name)) for name in names}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises :class:`WireError` when ``data`` is not such a document."""
        return _read_document(cls, data)

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
    """

    goal: Goal
    boot_id: str
    fences: int


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
    """Empty, ``refused``, ``timeout`` or another short cause of the last failed heartbeat."""
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
    services: tuple[ServiceReport, ...]
    peer: PeerReport | None
    database: DatabaseReport | None
    """None for a node without a database of its own."""

    @property
    def isolates(self) -> bool:
        return self.isolation_limit_s > 0

    @property
    def services_running(self) -> bool:
        return all(s.state is ServiceState.STARTED for s in self.services)

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


def _plain(value: object) -> Any:
    if isinstance(value, Document):
        return value.to_json()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


class _Wrong(Exception):  # noqa: N818 - becomes a WireError once the whole path is known
    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = path


Reader = Callable[[Any], Any]

# Reports are read by the thousand a second: each type gets its reader once, and the path to a
# value is put together only where something is wrong with it.


def _read_document(cls: type[D], data: object) -> D:
    try:
        return cast("D", _document_reader(cast("type", cls))(data))
    except _Wrong as wrong:
        raise WireError(f"{cls.__name__}{wrong.path} {wrong.rule}") from None


@functools.cache
def _document_reader(cls: type) -> Reader:
    hints = get_type_hints(cls)
    fields = [
        (f.name, _reader(hints[f.name], f.metadata.get("most"))) for f in dataclasses.fields(cls)
    ]
    names = {name for name, _ in fields}

    def read(data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise _Wrong("must be an object")
        if data.keys() != names:
            _name_the_difference(set(data), names)
        values = []
        name = ""
        try:
            for name, reader in fields:
                values.append(reader(data[name]))
        except _Wrong as wrong:
            raise _Wrong(wrong.rule, f".{name}{wrong.path}") from None
        return cls(*values)

    return read


def _name_the_difference(given: set[str], known: set[str]) -> None:
    if unknown := sorted(given - known):
        raise _Wrong("is not a known field", f".{unknown[0]}")
    raise _Wrong("is missing", f".{min(known - given)}")


def _reader(hint: Any, most: int | None) -> Reader:
    if get_origin(hint) in (UnionType, Union):  # only ``X | None`` occurs
        inner = _reader(next(arg for arg in get_args(hint) if arg is not NoneType), most)
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is tuple:
        return _list_reader(_reader(get_args(hint)[0], most))
    if issubclass(hint, Document):
        return _document_reader(hint)
    if issubclass(hint, StrEnum):
        return _choice_reader(hint)
    return {str: _text_reader, float: _float_reader, int: _int_reader, bool: _flag_reader}[hint](
        most
    )


def _list_reader(inner: Reader) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _Wrong("must be a list")
        read_so_far: list[Any] = []
        try:
            for item in value:
                read_so_far.append(inner(item))  # noqa: PERF401 - its length names the wrong one
        except _Wrong as wrong:
            raise _Wrong(wrong.rule, f"[{len(read_so_far)}]{wrong.path}") from None
        return tuple(read_so_far)

    return read


def _choice_reader(choices: type[StrEnum]) -> Reader:
    known = {choice.value: choice for choice in choices}

    def read(value: Any) -> Any:
        choice = known.get(value) if isinstance(value, str) else None
        if choice is None:
            raise _Wrong(f"is not one of {', '.join(choices)}")
        return choice

    return read


def _text_reader(most: int | None) -> Reader:
    longest = most or MOST_CHARACTERS

    def read(value: Any) -> Any:
        if type(value) is not str:
            raise _Wrong("must be of type str")
        if len(value) > longest:
            raise _Wrong(f"is longer than {longest} characters")
        if NO_CHARACTERS.search(value):
            raise _Wrong("contains what is no character")
        return value

    return read


def _float_reader(most: int | None) -> Reader:  # noqa: ARG001 - one signature for all
    def read(value: Any) -> Any:
        if type(value) is int and abs(value) <= HIGHEST_NUMBER:
            return float(value)
        if type(value) is not float:
            raise _Wrong("must be of type float")
        if not math.isfinite(value):
            raise _Wrong("must be finite")
        return value

    return read


def _int_reader(most: int | None) -> Reader:
    highest = most or HIGHEST_NUMBER

    def read(value: Any) -> Any:
        if type(value) is not int:
            raise _Wrong("must be of type int")
        if not 0 <= value <= highest:
            raise _Wrong(f"is not between 0 and {highest}")
        return value

    return read


def _flag_reader(most: int | None) -> Reader:  # noqa: ARG001 - one signature for all
    def read(value: Any) -> Any:
        if type(value) is not bool:
            raise _Wrong("must be of type bool")
        return value

    return read
