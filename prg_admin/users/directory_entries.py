"""Entries of a directory as lines of users. Pure.

A user ID with several values is refused: their order means nothing, so the same entry would be one
user today and another one tomorrow. Of several names the first in order of characters is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prg_admin.users.lines import Fault, LineFault, Lines


@dataclass(frozen=True, slots=True)
class Entry:
    dn: str
    values: Mapping[str, Sequence[bytes]]
    """By attribute name in lower case."""

    def of(self, attribute: str) -> Sequence[bytes]:
        return self.values.get(attribute.lower(), ())


@dataclass(frozen=True, slots=True)
class Attributes:
    userid: str
    name: str = ""
    licence: str = ""

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        named = (("userid", self.userid), ("name", self.name), ("licensed", self.licence))
        return tuple((column, attribute) for column, attribute in named if attribute)

    @property
    def wanted(self) -> tuple[str, ...]:
        return tuple(attribute for _column, attribute in self.columns)


def take(lines: Lines, number: int, entry: Entry, attributes: Attributes) -> None:
    """Adds the entry's user, or what is wrong with it."""
    cells, faults = {"userid": ""}, []
    for column, attribute in attributes.columns:
        texts, fault = _texts(number, column, attribute, entry.of(attribute))
        cells[column] = texts[0] if texts else ""
        if fault:
            faults.append(fault)
    if faults and not cells["userid"]:
        # What is wrong with the user ID is said already; "is missing" would be untrue.
        wrong = [fault for fault in faults if fault.column == "userid"]
        if wrong:
            lines.faults += faults
            return
    lines.add(number, cells, where=entry.dn, known=tuple(faults))


def _texts(
    number: int, column: str, attribute: str, values: Sequence[bytes]
) -> tuple[list[str], LineFault | None]:
    try:
        texts = sorted({text for value in values if (text := value.decode().strip())})
    except UnicodeDecodeError:
        return [], LineFault(number, Fault.NOT_TEXT, {"attribute": attribute}, column)
    if column != "name" and len(texts) > 1:
        told: dict[str, str | int] = {"attribute": attribute, "count": len(texts)}
        return [], LineFault(number, Fault.SEVERAL_VALUES, told, column)
    return texts, None
