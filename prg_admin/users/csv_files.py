"""Users as a CSV file: what it may look like, and what is wrong with which line. Pure.

The first line names the columns: ``userid``, and if wanted ``name`` and ``licensed``; the headings
of the list's own export are taken as well. Others are left alone. UTF-8 with or without a byte
order mark, else Shift_JIS as Japanese Windows writes it.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST = 128
UTF_8, SHIFT_JIS = "UTF-8", "Shift_JIS"

HEADINGS = {
    "userid": ("userid", "user id", "ユーザid", "ユーザ id", "ユーザーid"),
    "name": ("name", "display name", "displayname", "名前", "表示名"),
    "licensed": ("licensed", "license", "licence", "ライセンス", "ライセンスあり"),
}
YES = frozenset({"", "yes", "true", "1", "y", "はい", "あり"})
NO = frozenset({"no", "false", "0", "n", "いいえ", "なし"})


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


@dataclass(frozen=True, slots=True)
class LineFault:
    line: int
    """Of the file, from 1; 0: the file as a whole."""
    fault: Fault
    values: dict[str, str | int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    userid: str
    name: str
    is_licensed: bool


@dataclass(slots=True)
class FileRead:
    encoding: str = ""
    lines: list[Line] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)


def read_file(content: bytes) -> FileRead:
    """Every line that is right, and every fault of those that are not."""
    found = FileRead()
    text = _decoded(content, found)
    if text is None:
        found.faults.append(LineFault(0, Fault.ENCODING))
        return found
    try:
        _read(text, found)
    except csv.Error as error:
        found.faults.append(LineFault(0, Fault.NOT_CSV, {"why": str(error)}))
    return found


def _decoded(content: bytes, found: FileRead) -> str | None:
    for name, codec in ((UTF_8, "utf-8-sig"), (SHIFT_JIS, "cp932")):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        found.encoding = name
        return text
    return None


def _read(text: str, found: FileRead) -> None:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    head = next(rows, None)
    if not head:
        found.faults.append(LineFault(0, Fault.EMPTY))
        return
    columns = _columns(head)
    if "userid" not in columns:
        found.faults.append(LineFault(1, Fault.NO_USERID_COLUMN))
        return
    seen: dict[str, int] = {}
    for row in rows:
        if any(cell.strip() for cell in row):
            cells = {n: row[i].strip() if i < len(row) else "" for n, i in columns.items()}
            _line(rows.line_num, cells, seen, found)
    if not (found.lines or found.faults):
        found.faults.append(LineFault(0, Fault.EMPTY))


def _columns(head: list[str]) -> dict[str, int]:
    known = {words: name for name, all_words in HEADINGS.items() for words in all_words}
    columns: dict[str, int] = {}
    for index, heading in enumerate(head):
        name = known.get(unicodedata.normalize("NFKC", heading).strip().casefold())
        if name:
            columns.setdefault(name, index)
    return columns


def _line(number: int, cells: dict[str, str], seen: dict[str, int], found: FileRead) -> None:
    faults = list(_faults(number, cells))
    userid = cells["userid"]
    first = seen.setdefault(userid.lower(), number)
    if userid and first != number:
        faults.append(LineFault(number, Fault.DOUBLE, {"userid": userid[:LONGEST], "first": first}))
    found.faults += faults
    if not faults:
        licensed = cells.get("licensed", "").casefold() in YES
        found.lines.append(Line(number, userid, cells.get("name", ""), licensed))


def _faults(number: int, cells: dict[str, str]) -> Iterator[LineFault]:
    if not cells["userid"]:
        yield LineFault(number, Fault.REQUIRED)
    for column in ("userid", "name"):
        value = cells.get(column, "")
        if len(value) > LONGEST:
            values: dict[str, str | int] = {"column": column, "length": len(value)}
            yield LineFault(number, Fault.TOO_LONG, values)
        if value.isprintable():
            continue  # by far the most; letter by letter it takes several times as long
        wrong = next((c for c in value if unicodedata.category(c) in ("Cc", "Cf", "Cs")), None)
        if wrong is not None:
            values = {"column": column, "character": f"U+{ord(wrong):04X}"}
            yield LineFault(number, Fault.CHARACTERS, values)
    licensed = cells.get("licensed", "")
    if licensed.casefold() not in YES | NO:
        yield LineFault(number, Fault.NOT_YES_OR_NO, {"value": licensed[:LONGEST]})
