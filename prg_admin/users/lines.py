"""One user of a file or entry of a directory: what it may look like, and what is wrong. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST = 128
YES = frozenset({"", "yes", "true", "1", "y", "はい", "あり"})
NO = frozenset({"no", "false", "0", "n", "いいえ", "なし"})
OF_USERID = ("userid", "")


class Fault(StrEnum):
    """What is wrong; ``users.sentences`` has one sentence for each."""

    ENCODING = "encoding"
    EMPTY = "empty"
    NO_USERID_COLUMN = "no-userid-column"
    NOT_CSV = "not-csv"
    REQUIRED = "required"
    TOO_LONG = "too-long"
    CHARACTERS = "characters"
    DOUBLE = "double"
    NOT_YES_OR_NO = "not-yes-or-no"
    SEVERAL_VALUES = "several-values"
    NOT_TEXT = "not-text"


@dataclass(frozen=True, slots=True)
class LineFault:
    line: int
    """Of the file, or number of the entry, from 1; 0: the file as a whole."""
    fault: Fault
    values: dict[str, str | int] = field(default_factory=dict, hash=False)
    column: str = ""
    """Where; empty: the line as a whole."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    userid: str
    name: str
    is_licensed: bool
    is_usable: bool = True
    """No: its user is there, but nothing else of the line is to be believed."""


@dataclass(slots=True)
class Lines:
    """Of one source, line after line."""

    lines: list[Line] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    seen: dict[str, str | int] = field(default_factory=dict)
    """User IDs in lower case, and where each stood first."""

    def add(
        self,
        number: int,
        cells: Mapping[str, str],
        *,
        where: str | int = 0,
        known: tuple[LineFault, ...] = (),
    ) -> None:
        """``where``: what it is called if its user comes again. ``known``: wrong already."""
        faults = [*known, *_faults(number, cells)]
        userid, where = cells["userid"], where or number
        first = self.seen.setdefault(userid.lower(), where) if userid else where
        if first != where:
            values: dict[str, str | int] = {"userid": userid[:LONGEST], "first": first}
            faults.append(LineFault(number, Fault.DOUBLE, values))
        self.faults += faults
        licensed = cells.get("licensed", "").casefold() in YES
        if not faults:
            self.lines.append(Line(number, userid, cells.get("name", ""), licensed))
        elif not any(fault.column in OF_USERID for fault in faults):
            self.lines.append(Line(number, userid, "", licensed, is_usable=False))


def _faults(number: int, cells: Mapping[str, str]) -> Iterator[LineFault]:
    if not cells["userid"]:
        yield LineFault(number, Fault.REQUIRED, column="userid")
    for column in ("userid", "name"):
        value = cells.get(column, "")
        if len(value) > LONGEST:
            values: dict[str, str | int] = {"column": column, "length": len(value)}
            yield LineFault(number, Fault.TOO_LONG, values, column)
        if value.isprintable():
            continue  # by far the most; letter by letter it takes several times as long
        wrong = next((c for c in value if unicodedata.category(c) in ("Cc", "Cf", "Cs")), None)
        if wrong is not None:
            values = {"column": column, "character": f"U+{ord(wrong):04X}"}
            yield LineFault(number, Fault.CHARACTERS, values, column)
    licensed = cells.get("licensed", "")
    if licensed.casefold() not in YES | NO:
        yield LineFault(number, Fault.NOT_YES_OR_NO, {"value": licensed[:LONGEST]}, "licensed")
