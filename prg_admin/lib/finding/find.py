"""Reads the address of a list and finds its records; see ``columns`` for how a list is made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prg_admin.lib.finding.columns import (
    OF_TIMES,
    OPERATORS,
    WITHOUT_TEXT,
    Column,
    Listing,
    Operator,
)
from prg_admin.lib.finding.moments import NoMomentError, read_moment
from prg_admin.lib.finding.shapes import CSV, PRINT, Shaped

M = TypeVar("M", bound=Model)

ROWS_PER_PAGE = (10, 25, 50, 100)
DEFAULT_ROWS = 50
MOST_CRITERIA = 10
LONGEST_TEXT = 255
MOST_PRINTED = 1000
_KEY = re.compile(r"[0-9]{1,19}")
_GREATEST_KEY = 2**63 - 1
"""Of a database key; a greater number would be an error of the database."""


@dataclass(frozen=True, slots=True)
class Criterion:
    column: Column
    operator: Operator
    text: str = ""
    problem: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it stands for "all"."""
        return not self.text and self.operator not in WITHOUT_TEXT

    @property
    def words(self) -> str:
        said = f"{self.column.label} {OPERATORS[self.operator]}"
        return said if self.operator in WITHOUT_TEXT else f"{said} “{self.text}”"


@dataclass(frozen=True, slots=True)
class Heading:
    column: Column
    query: str
    """What a click on it asks for; empty: it does not sort."""
    aria_sort: str


@dataclass
class Found(Shaped, Generic[M]):
    """What was asked for and what was found."""

    listing: Listing
    criteria: list[Criterion]
    records: QuerySet[M]
    """All that were found, sorted."""
    sort: str
    rows_per_page: int
    number: str
    """Of the page, as asked for."""
    view: str = ""
    is_widened: bool = False
    """Whether a criterion was just added, to be filled in next."""
    problems: list[str] = field(default_factory=list)

    @cached_property
    def page(self) -> Page[M]:
        per_page = MOST_PRINTED if self.is_print else self.rows_per_page
        return Paginator(self.records, per_page).get_page(self.number)

    @property
    def count(self) -> int:
        return self.page.paginator.count

    @property
    def is_filtered(self) -> bool:
        return any(not criterion.is_plain for criterion in self.criteria)

    @property
    def can_widen(self) -> bool:
        return len(self.criteria) < MOST_CRITERIA

    @property
    def can_narrow(self) -> bool:
        return len(self.criteria) > 1

    # What the template offers

    rows_choices = ROWS_PER_PAGE
    longest_text = LONGEST_TEXT

    @property
    def operators(self) -> dict[Operator, Any]:
        return self.listing.operators

    @property
    def has_times(self) -> bool:
        return Operator.FROM in self.operators

    @property
    def times(self) -> str:
        """Names of the columns that are times, for the script."""
        return " ".join(column.name for column in self.fields if column.is_time)

    def between(self, name: str) -> tuple[str, str]:
        """The texts of the last criteria FROM and TO of this column; empty where there is none."""
        texts = {c.operator: c.text for c in self.criteria if c.column.name == name}
        return texts.get(Operator.FROM, ""), texts.get(Operator.TO, "")

    @property
    def fields(self) -> list[Column]:
        return list(self.listing.criteria.values())

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The address as names and values, without the page; nothing that need not be said."""
        parts: list[tuple[str, str]] = []
        if self.is_filtered or self.can_narrow:
            for criterion in self.criteria:
                parts.append(("field", criterion.column.name))
                parts.append(("operator", criterion.operator.value))
                parts.append(("text", criterion.text))
        if self.rows_per_page != DEFAULT_ROWS:
            parts.append(("rows", str(self.rows_per_page)))
        if self.sort != self.listing.sort:
            parts.append(("sort", self.sort))
        return parts

    @cached_property
    def query(self) -> str:
        return self._query()

    @property
    def csv_query(self) -> str:
        return self._query(view=CSV)

    @property
    def print_query(self) -> str:
        return self._query(view=PRINT)

    def _query(self, **changed: str) -> str:
        query = QueryDict(mutable=True)
        for name, value in self.parts:
            if name not in changed:
                query.appendlist(name, value)
        for name, value in changed.items():
            query[name] = value
        return query.urlencode()

    @property
    def headings(self) -> Iterator[Heading]:
        name, downwards = self.sort.removeprefix("-"), self.sort.startswith("-")
        for column in self.listing.columns:
            if not column.is_shown:
                continue
            if column.name not in self.listing.sortable:
                yield Heading(column, "", "")
            elif column.name != name:
                yield Heading(column, self._query(sort=column.name), "")
            else:
                other = name if downwards else f"-{name}"
                aria = "descending" if downwards else "ascending"
                yield Heading(column, self._query(sort=other), aria)


def find(query: QueryDict, listing: Listing, records: QuerySet[M]) -> Found[M]:
    """``records`` that meet all criteria of the address, sorted. Costs no query yet."""
    criteria, problems = _criteria(query, listing)
    widened = query.get("criteria") == "add" and len(criteria) < MOST_CRITERIA
    if widened:
        criteria.append(Criterion(listing.first, Operator.BEGINS_WITH))
    elif query.get("criteria") == "remove" and len(criteria) > 1:
        removed = criteria.pop()
        problems = [problem for problem in problems if problem != removed.problem]
    sort = _sort(query.get("sort", ""), listing)
    view = query.get("view", "")
    return Found(
        listing=listing,
        criteria=criteria,
        records=_sorted(_matching(records, criteria), listing, sort),
        sort=sort,
        rows_per_page=_rows_per_page(query.get("rows", "")),
        number=query.get("page", "1") if view != PRINT else "1",
        view=view if view in (CSV, PRINT) else "",
        is_widened=widened,
        problems=problems,
    )


def _criteria(query: QueryDict, listing: Listing) -> tuple[list[Criterion], list[str]]:
    lists = (query.getlist(name) for name in ("field", "operator", "text"))
    asked = zip_longest(*lists, fillvalue="")
    found = [_criterion(listing, *parts) for parts in islice(asked, MOST_CRITERIA)]
    problems = [criterion.problem for criterion in found if criterion.problem]
    if next(asked, None):
        text = ngettext(
            "At most %(count)s criterion is possible; the others were left out.",
            "At most %(count)s criteria are possible; the others were left out.",
            MOST_CRITERIA,
        )
        problems.append(text % {"count": MOST_CRITERIA})
    return found or [_criterion(listing, "", "", "")], problems


def _criterion(listing: Listing, name: str, operator: str, text: str) -> Criterion:
    columns = listing.criteria
    column = columns.get(name) or listing.first
    is_known = operator in listing.operators
    chosen = Operator(operator) if is_known else Operator.BEGINS_WITH
    wanted = "" if chosen in WITHOUT_TEXT else text.strip()
    problem = _problem(column, chosen, wanted)
    # A text too long to be looked for is too long to be shown again.
    return Criterion(column, chosen, wanted[:LONGEST_TEXT].replace("\x00", ""), problem)


def _problem(column: Column, operator: Operator, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        said = _("%(field)s: the search text has %(length)s characters; at most %(limit)s fit.")
        values = {"field": column.label, "length": len(text), "limit": LONGEST_TEXT}
        return said % values
    if "\x00" in text:
        said = _("%(field)s: the search text holds a null character, which no record can hold.")
        return said % {"field": column.label}
    return _of_time(column, operator, text) if text else ""


def _of_time(column: Column, operator: Operator, text: str) -> str:
    words = {"field": column.label, "operator": OPERATORS[operator]}
    if column.is_time and operator not in OF_TIMES:
        ways = {"from": OPERATORS[Operator.FROM], "to": OPERATORS[Operator.TO]}
        said = _(
            "%(field)s: “%(operator)s” cannot be asked of a time; choose “%(from)s” or “%(to)s”."
        )
        return said % {**words, **ways}
    if operator in OF_TIMES and not column.is_time:
        said = _("%(field)s: “%(operator)s” can be asked of times alone.")
        return said % words
    try:
        if column.is_time:
            read_moment(text)
    except NoMomentError as error:
        return f"{column.label}: {error}"
    return ""


def _matching(records: QuerySet[M], criteria: list[Criterion]) -> QuerySet[M]:
    if any(criterion.problem for criterion in criteria):
        return records.none()
    for criterion in criteria:
        condition = criterion.column.condition(criterion.operator, criterion.text, records)
        records = records.filter(condition) if condition else records
    return records


def _sorted(records: QuerySet[M], listing: Listing, sort: str) -> QuerySet[M]:
    column = listing.sortable[sort.removeprefix("-")]
    # The key last: rows that are equal must not change places between two pages.
    return records.order_by(*column.ordering(descending=sort.startswith("-")), "pk")


def _sort(asked: str, listing: Listing) -> str:
    return asked if asked.removeprefix("-") in listing.sortable else listing.sort


def _rows_per_page(asked: str) -> int:
    return next((rows for rows in ROWS_PER_PAGE if str(rows) == asked), DEFAULT_ROWS)


def batches(found: Found[Any], size: int) -> Iterator[list[Any]]:
    """All that was found, in its order, ``size`` at a time.

    The keys are read first and the records by them: no cursor stays open while a slow reader
    takes its time, and what is changed meanwhile shifts nothing. What is deleted is left out.
    """
    keys = list(found.records.values_list("pk", flat=True))
    for start in range(0, len(keys), size):
        wanted = keys[start : start + size]
        records = found.records.order_by().in_bulk(wanted)
        yield [records[key] for key in wanted if key in records]


def chosen_keys(values: Iterable[str]) -> list[int]:
    """The keys of ticked boxes; what is no key is left out, as is what no key can be."""
    keys = (int(value) for value in values if _KEY.fullmatch(value))
    return [key for key in keys if key <= _GREATEST_KEY]
