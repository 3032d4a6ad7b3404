"""A found list as a CSV file that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from prg_admin.lib.finding.columns import Column
from prg_admin.lib.finding.find import Found, batches

BATCH = 500
CSV = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that a spreadsheet would execute instead of show."""


class _Line:
    """What ``csv.writer`` writes to: keeps the last line."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def csv_response(
    request: HttpRequest, found: Found[Any], *, rows: Callable[[list[Any]], Iterable[Any]]
) -> StreamingHttpResponse:
    """All that was found, not only its page; made while it is sent."""
    chunks = csv_chunks(found, rows)
    return streamed(request, chunks, name=f"{found.listing.name}.csv", content_type=CSV)


def streamed(
    request: HttpRequest, chunks: Iterator[bytes], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """A file to be kept, piece by piece."""
    # Under ASGI Django would gather a synchronous iterator as a whole before the first byte.
    content = _in_thread(chunks) if isinstance(request, ASGIRequest) else chunks
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def csv_chunks(
    found: Found[Any], rows: Callable[[list[Any]], Iterable[Any]], *, size: int = BATCH
) -> Iterator[bytes]:
    """The file piece by piece, in the language it was asked for in."""
    language = get_language()
    columns = [column for column in found.listing.columns if column.value]
    with override(language):
        head = BYTE_ORDER_MARK + line_of([str(column.label) for column in columns])
    yield head.encode()
    for batch in batches(found, size):
        # The thread may serve somebody else between two pieces: the language is set for each.
        with override(language):
            text = "".join(line_of(_cells(columns, row)) for row in rows(batch))
        yield text.encode()


def line_of(cells: Iterable[Any]) -> str:
    line = _Line()
    csv.writer(line).writerow(cells)
    return line.text


def _cells(columns: list[Column], row: Any) -> Iterator[Any]:
    for column in columns:
        if column.value:
            yield cell(column.value(row))


def cell(value: Any) -> str | int | float:
    """As it is written; numbers stay numbers, texts never become formulas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, datetime):
        return localtime(value).isoformat(" ", "seconds")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


async def _in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    def next_chunk() -> bytes | None:
        return next(chunks, None)

    while chunk := await sync_to_async(next_chunk)():
        yield chunk
