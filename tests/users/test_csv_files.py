"""What a file of users may look like, and what is said of one that does not."""

from __future__ import annotations

import pytest

from prg_admin.users.csv_files import SHIFT_JIS, UTF_8, read_file
from prg_admin.users.lines import Fault, Line

TEXT = "userid,name,licensed\nann,山田 花子,yes\nbob,,no\n"


@pytest.mark.parametrize(
    ("codec", "encoding"), [("utf-8", UTF_8), ("utf-8-sig", UTF_8), ("cp932", SHIFT_JIS)]
)
def test_each_encoding(codec: str, encoding: str):
    found = read_file(TEXT.encode(codec))
    assert (found.encoding, found.faults) == (encoding, [])
    assert found.lines == [Line(2, "ann", "山田 花子", True), Line(3, "bob", "", False)]


@pytest.mark.parametrize("head", ["userid", "User ID,Name", "ユーザID,名前", "x,USERID,y"])
def test_headings(head: str):
    column = [h.lower().replace(" ", "") for h in head.split(",")]
    row = ["ann" if h in ("userid", "ユーザid") else "z" for h in column]
    assert read_file(f"{head}\r\n{','.join(row)}\r\n".encode()).lines[0].userid == "ann"


def test_empty_lines_and_missing_cells_are_no_fault():
    found = read_file(b"userid,name\n\nann\n , \nbob,Bob\n")
    assert [(line.number, line.userid) for line in found.lines] == [(3, "ann"), (5, "bob")]


@pytest.mark.parametrize(
    ("content", "line", "fault"),
    [
        (b"", 0, Fault.EMPTY),
        (b"userid\n", 0, Fault.EMPTY),
        (b"userid\nann\x81", 0, Fault.ENCODING),
        (b"name\nann\n", 1, Fault.NO_USERID_COLUMN),
        (b'userid\n"ann\n', 0, Fault.NOT_CSV),
        (b"userid,name\n,Ann\n", 2, Fault.REQUIRED),
        (b"userid\n" + b"x" * 129 + b"\n", 2, Fault.TOO_LONG),
        (b"userid\na\x00b\n", 2, Fault.CHARACTERS),
        ("userid\na\u202eb\n".encode(), 2, Fault.CHARACTERS),
        (b"userid\nann\nANN\n", 3, Fault.DOUBLE),
        (b"userid,licensed\nann,maybe\n", 2, Fault.NOT_YES_OR_NO),
    ],
)
def test_faults_are_told_by_line(content: bytes, line: int, fault: Fault):
    assert [(f.line, f.fault) for f in read_file(content).faults] == [(line, fault)]


def test_every_fault_of_every_line_is_told():
    found = read_file(b"userid,licensed\n,maybe\nann,yes\n,no\n")
    assert [f.line for f in found.faults] == [2, 2, 4]
