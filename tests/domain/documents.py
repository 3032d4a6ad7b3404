"""Any values of the frozen dataclasses that are written as JSON, and ways to spoil the writing."""

from __future__ import annotations

import dataclasses
import json
import typing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

PLAIN = {
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=64),
    int: st.integers(0, 2**31 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone itself
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))]),
    ),
}
"""What fields may hold, whatever bounds of their own they have."""


def documents(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{f.name: values(hints[f.name]) for f in dataclasses.fields(kind)})


def values(hint: Any) -> st.SearchStrategy[Any]:
    options = [a for a in typing.get_args(hint) if a is not type(None)]
    if typing.get_origin(hint) is tuple:
        return st.lists(values(options[0]), max_size=3).map(tuple)
    if options:
        return st.none() | values(options[0])
    if hint in PLAIN:
        return PLAIN[hint]
    return documents(hint) if dataclasses.is_dataclass(hint) else st.sampled_from(hint)


def places(document: dict[str, Any], path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every field of the document's JSON form."""
    found: list[tuple[Any, ...]] = []
    for name, value in document.items():
        found.append((*path, name))
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        for i, item in items:
            if isinstance(item, dict):
                inside = (*path, name) if i is None else (*path, name, i)
                found += places(item, inside)
    return found


def written(kind: str, path: tuple[Any, ...]) -> str:
    """As an error names the field."""
    return kind + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def with_value(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    inside: Any = copy
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = value
    return copy


def without(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    copy = with_value(document, path, None)
    inside: Any = copy
    for part in path[:-1]:
        inside = inside[part]
    del inside[path[-1]]
    return copy
