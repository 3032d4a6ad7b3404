"""Users as a CSV file: what it may look like, and what is wrong with which line. Pure.

The first line names the columns: ``userid``, and if wanted ``name`` and ``licensed``; the headings
of the list's own export are taken as well. Others are left alone. UTF-8 with or without a byte
order mark, else Shift_JIS as Japanese Windows writes it.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass

from prg_admin.users.lines import Fault, LineFault, Lines

UTF_8, SHIFT_JIS = "UTF-8", "Shift_JIS"

HEADINGS = {
    "userid": ("userid", "user id", "ユーザid", "ユーザ id", "ユーザーid"),
    "name": ("name", "display name", "displayname", "名前", "表示名"),
    "licensed": ("licensed", "license", "licence", "ライセンス", "ライセンスあり"),
}


@dataclass(slots=True)
class FileRead(Lines):
    encoding: str = ""


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
    for row in rows:
        if any(cell.strip() for cell in row):
            cells = {n: row[i].strip() if i < len(row) else "" for n, i in columns.items()}
            found.add(rows.line_num, cells)
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
