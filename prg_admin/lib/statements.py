"""Statements that are put together once, for what every page asks.

To put a query together takes Django longer than PostgreSQL takes to run it, and so does the plan
that PostgreSQL makes for it. What is asked here is put together once in a process, and planned once
in a connection (``prepare_threshold`` in the settings).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)
Value = str | int | datetime | Sequence[str] | Sequence[int]

STAND_INS: dict[type, Callable[[int], Value]] = {
    int: lambda place: -(10**12) - place,
    str: lambda place: f"stand-in {place}",
    datetime: lambda place: datetime(1000 + place, 1, 1, tzinfo=UTC),
    list: lambda place: [f"stand-in {place}"],
}
"""What no query asks for by itself, by the type of the value it stands for."""


def rows_of(statement: str, *values: Value) -> list[tuple[Any, ...]]:
    """What the database answers; ``%s`` in the statement stands for a value."""
    with _cursor() as cursor:
        cursor.execute(statement, list[Any](values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _cursor() -> CursorWrapper:
    """One that sends the values beside the statement: only so can its plan be kept."""
    link = connections[DEFAULT_DB_ALIAS]
    if link.queries_logged:
        return link.cursor()  # a statement that is looked at has its values inside
    link.ensure_connection()
    bare: Any = ServerBindingCursor(link.connection)  # type: ignore[call-arg]
    return link.make_cursor(bare)


class Prepared(Generic[M]):
    """A query for rows of a model, with all they bring along, asked with other values each time.

    ``make`` makes it from values of ``types`` (``list`` of texts, for ``= any(...)``). It is called
    once, so it must depend on nothing else.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], *types: type) -> None:
        self._make = make
        self._stand_ins = [STAND_INS[kind](place) for place, kind in enumerate(types)]

    def __call__(self, *values: Value) -> list[M]:
        """Raises TransactionManagementError where the locks it takes would end at once."""
        made = self._made
        if made.locks and connection.get_autocommit():
            raise TransactionManagementError("rows are locked inside a transaction only")
        params = [value if place is None else values[place] for place, value in made.params]
        return [made.instance(row) for row in rows_of(made.statement, *params)]

    @cached_property
    def _made(self) -> _Made[M]:
        queryset = self._make(*self._stand_ins)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        statement, values = compiler.as_sql()
        params = [(self._place(value), value) for value in values]
        if {place for place, _ in params} - {None} != set(range(len(self._stand_ins))):
            raise TypeError("the query does not ask with its values as they are")
        columns = [column for column, _sql, _alias in compiler.select]
        own = compiler.klass_info["select_fields"]
        populators: Any = get_related_populators  # it takes another argument from Django 6 on
        return _Made(
            statement=statement,
            params=params,
            locks=queryset.query.select_for_update,
            model=queryset.model,
            names=[columns[place].target.attname for place in own],
            own=slice(own[0], own[-1] + 1),
            related=populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS),
            annotations=compiler.annotation_col_map or {},
            converters=compiler.get_converters(columns),
        )

    def _place(self, value: Any) -> int | None:
        return self._stand_ins.index(value) if value in self._stand_ins else None


@dataclass(frozen=True, slots=True)
class _Made(Generic[M]):
    """What Django works out of a query each time it is asked."""

    statement: str
    params: list[tuple[int | None, Any]]
    """Each with the place of the value that it stands for; None: it is what it is."""
    locks: bool
    model: type[M]
    names: list[str]
    own: slice
    """The columns of the model itself."""
    related: list[Any]
    """What fills in the rows that were joined."""
    annotations: Mapping[str, int]
    converters: Mapping[int, tuple[Sequence[Callable[..., Any]], Any]]

    def instance(self, found: Sequence[Any]) -> M:
        row = list(found)
        for place, (converters, expression) in self.converters.items():
            for converter in converters:
                row[place] = converter(row[place], expression, connection)
        instance = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.own])
        for populator in self.related:
            populator.populate(row, instance)
        for name, place in self.annotations.items():
            setattr(instance, name, row[place])
        return instance
