"""Frozen dataclasses as JSON, and read again strictly: every field, none besides, each of its type.

Fields may be text, numbers, flags, ``StrEnum`` members, moments, tuples, other dataclasses, and any
of these or None. A field's ``metadata["most"]`` bounds a text's characters or a number. What passes
can be stored: numbers are finite, texts have no characters that a database refuses.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

AS_THEY_ARE = (str, int, float, bool)

MOST_CHARACTERS = 4096
HIGHEST_NUMBER = 2**62
"""Bounds where a field names none; an epoch has room to rise above this one."""
NO_CHARACTERS = re.compile("[\0\ud800-\udfff]")


class StrictError(ValueError):
    """A document has a missing, superfluous or ill-typed field; the text names it."""


def plain(value: Any) -> Any:
    """The value as ``json`` writes it."""
    if value is None or type(value) in AS_THEY_ARE:
        return value
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def read(cls: type[T], data: object) -> T:
    """Raises :class:`StrictError` when ``data`` is not the JSON form of such a dataclass."""
    try:
        return cast("T", _document_reader(cast("type", cls))(data))
    except _Wrong as wrong:
        raise StrictError(f"{cls.__name__}{wrong.path} {wrong.rule}") from None


class _Wrong(Exception):  # noqa: N818 - becomes a StrictError once the whole path is known
    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = path


Reader = Callable[[Any], Any]

# Reports are read by the thousand a second: each type gets its reader once, and the path to a
# value is put together only where something is wrong with it.


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
    if dataclasses.is_dataclass(hint):
        return _document_reader(cast("type", hint))
    if issubclass(hint, StrEnum):
        return _choice_reader(hint)
    return READERS[hint](most)


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


def _moment_reader(most: int | None) -> Reader:  # noqa: ARG001 - one signature for all
    def read(value: Any) -> Any:
        if type(value) is not str:
            raise _Wrong("must be a moment in ISO 8601")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise _Wrong("must be a moment in ISO 8601") from None
        if moment.tzinfo is None:
            raise _Wrong("must name its time zone")
        return moment

    return read


READERS: dict[type, Callable[[int | None], Reader]] = {
    str: _text_reader,
    float: _float_reader,
    int: _int_reader,
    bool: _flag_reader,
    datetime: _moment_reader,
}
