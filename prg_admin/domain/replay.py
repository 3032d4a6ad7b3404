"""What a decision was made from, as JSON, so that it can be made again and gives the same.

Everything ``decide`` looks at is in a :class:`Case`; there is nothing else, which is why a case
taken from a running engine explains a decision of the night on any other machine. A
:class:`Recording` is a case with what was decided from it then; replayed by another release it says
in which points that one would decide otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.pair import Decision, decide
from prg_admin.domain.requests import Request, check_request
from prg_admin.domain.strict import StrictError, plain, read
from prg_admin.domain.timing import RecoverySettings

FORMAT = 1
"""Of a recording. Recordings of another format are refused, not guessed at."""


@dataclass(frozen=True, slots=True)
class Case:
    """All the inputs of one decision."""

    pair: Pair
    settings: RecoverySettings
    now: datetime
    request: Request | None = None
    blind: bool = False

    def decided(self) -> Decision:
        return decide(
            self.pair,
            settings=self.settings,
            now=self.now,
            request=self.request,
            blind=self.blind,
        )

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = plain(self)
        return document

    @classmethod
    def from_json(cls, data: object) -> Case:
        """Raises :class:`StrictError`, which names the field, when ``data`` is no case."""
        case = read(cls, data)
        if len(case.pair.nodes) > 2:  # noqa: PLR2004
            raise StrictError("Case.pair.nodes has more than two nodes")
        if case.request is not None:
            try:
                check_request(case.request)
            except ValueError as error:
                raise StrictError(f"Case.request: {error}") from None
        return case


@dataclass(frozen=True, slots=True)
class Difference:
    """A point in which the decision made again is another one."""

    field: str
    """``rule``, ``values.<name>``, ``epoch``, ``<node>.<field>``, ..."""
    recorded: Any
    replayed: Any


@dataclass(frozen=True, slots=True)
class Recording:
    """A case, and what was decided from it, flat: one value a point (see :func:`points`)."""

    case: Case
    decided: Mapping[str, Any]

    @classmethod
    def of(cls, case: Case, decision: Decision) -> Recording:
        return cls(case, points(case.pair, decision))

    def differences(self) -> tuple[Difference, ...]:
        """Empty when the case gives the same decision still."""
        again = points(self.case.pair, self.case.decided())
        names = (*self.decided, *(name for name in again if name not in self.decided))
        return tuple(
            Difference(name, self.decided.get(name), again.get(name))
            for name in names
            if name not in self.decided or name not in again or self.decided[name] != again[name]
        )

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "case": self.case.to_json(), "decided": dict(self.decided)}

    @classmethod
    def from_json(cls, data: object) -> Recording:
        """Raises :class:`StrictError`, which names what is wrong."""
        if not isinstance(data, Mapping) or data.keys() != {"format", "case", "decided"}:
            raise StrictError("Recording must be an object of format, case and decided")
        if data["format"] != FORMAT:
            raise StrictError(f"Recording.format is {data['format']!r}; known is {FORMAT}")
        if not isinstance(data["decided"], Mapping):
            raise StrictError("Recording.decided must be an object")
        return cls(Case.from_json(data["case"]), dict(data["decided"]))

    @classmethod
    def from_bytes(cls, text: bytes) -> Recording:
        """Raises :class:`StrictError` when ``text`` is no JSON or no recording."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise StrictError(f"Recording is not JSON: {error}") from None
        return cls.from_json(data)


def points(was: Pair, decision: Decision) -> dict[str, Any]:
    """The decision as plain values by name: the rule, what it looked at, and all that changes."""
    found: dict[str, Any] = {"rule": decision.rule, "hit": decision.hit}
    found |= {f"values.{name}": _as_stored(value) for name, value in _values(decision).items()}
    found |= _changed("", was, decision.pair, besides=("nodes",))
    for before, after in zip(was.nodes, decision.pair.nodes, strict=True):
        found |= _changed(f"{before.name}.", before, after)
    return found


def _values(decision: Decision) -> Mapping[str, Any]:
    return decision.values or {}


def _changed(
    prefix: str, was: Pair | NodeView, now: Pair | NodeView, *, besides: tuple[str, ...] = ()
) -> dict[str, Any]:
    pairs = ((f.name, getattr(was, f.name), getattr(now, f.name)) for f in fields(was))
    return {
        prefix + name: plain(after)
        for name, before, after in pairs
        if name not in besides and before != after
    }


def _as_stored(value: Any) -> Any:
    """Tuples become lists on the way to a file and back."""
    return json.loads(json.dumps(value))
