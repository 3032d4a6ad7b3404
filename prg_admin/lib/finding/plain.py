"""Lists without criteria: what they share with Find and List are the print view and the CSV file.

The view hands a ``PlainList`` to its template as ``found``; the template extends ``found.frame``
and includes ``_find_tools.html``, as described in ``columns``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, StreamingHttpResponse

from prg_admin.lib.finding.csv import BYTE_ORDER_MARK, cell, line_of, streamed
from prg_admin.lib.finding.csv import CSV as CSV_TYPE
from prg_admin.lib.finding.shapes import CSV, PRINT, Shaped


@dataclass(frozen=True, slots=True)
class PlainList(Shaped):
    name: str
    """Of the file."""
    view: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    """What the address says otherwise, as names and values."""

    @property
    def query(self) -> str:
        return urlencode(self.parts)

    @property
    def csv_query(self) -> str:
        return urlencode((*self.parts, ("view", CSV)))

    @property
    def print_query(self) -> str:
        return urlencode((*self.parts, ("view", PRINT)))

    def csv_response(
        self, request: HttpRequest, headings: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> StreamingHttpResponse:
        """At once and not piece by piece: for lists that are short."""
        lines = [line_of(headings), *(line_of(map(cell, row)) for row in rows)]
        content = (BYTE_ORDER_MARK + "".join(lines)).encode()
        return streamed(request, iter([content]), name=f"{self.name}.csv", content_type=CSV_TYPE)
