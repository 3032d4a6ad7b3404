"""Statements that stand as they are, for what every page asks.

To put a query together takes Django as long as PostgreSQL takes to answer it.
"""

from __future__ import annotations

from typing import Any

from django.db import connection


def rows_of(statement: str, *values: str | int) -> list[tuple[Any, ...]]:
    """What the database answers; ``%s`` in the statement stands for a value."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
