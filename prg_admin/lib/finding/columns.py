"""Find and List, for every list of the house: criteria, sorting, pages, print view and CSV.

A list takes four steps.

1. Say once which columns there are (beside the selectors of the app)::

       EVENTS = Listing("events", sort="-time", columns=(
           Column("time", _("Time"), find="at", is_time=True, sort="at", value=lambda row: row.at),
           Column("rule", _("Rule"), find="rule", choices=RULES, sort="rule", value=...),
           Column("by", _("By"), find="actor", sort=Lower("actor"), value=lambda row: row.actor),
       ))

2. In the view::

       found = find(request.GET, EVENTS, Event.objects.select_related("group"))
       if found.wants_csv:
           return csv_response(request, found, rows=list)
       context = {"found": found, "rows": list(found.page.object_list)}
       return render_page(request, "console/events.html", context)

   ``rows`` makes the rows of the page from the models of one page (or of one batch of the file):
   a constant number of queries, whatever their number.

3. In the template (``{% load finding %}``)::

       {% extends found.frame %}                                     the frame, or the print view
       {% block toolbar %}{% include "_find_tools.html" %}{% endblock %}     CSV and print view
       {% include "_find.html" with title=... %}                     the criteria
       <table class="data"><thead><tr>{% list_headings found %}</tr></thead> ... one row each
       {% include "_found_pages.html" %}                             first, previous, next, last

   What is only for the screen (check boxes, buttons) stands in ``{% if not found.is_print %}``.

4. Nothing else: ``?field=&operator=&text=`` (repeated: all must match), ``rows``, ``sort``,
   ``page``, ``view=csv`` and ``view=print`` are read here. Whatever stands there never fails: what
   is not on offer counts as the first choice, and a text that cannot be looked for gets a sentence
   in ``found.problems`` and finds nothing.

A time (``is_time=True``) is found by ``from`` and ``to``; two criteria make a span.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import BaseExpression, Combinable, OrderBy
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.finding.moments import read_moment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Sorting = str | BaseExpression | Combinable


class Operator(StrEnum):
    """Of a criterion, in the order of the drop-down (domain facts 6.9)."""

    BEGINS_WITH = "begins-with"
    CONTAINS = "contains"
    IS_EXACTLY = "is-exactly"
    ENDS_WITH = "ends-with"
    IS_EMPTY = "is-empty"
    IS_NOT_EMPTY = "is-not-empty"
    FROM = "from"
    TO = "to"


OPERATORS: dict[Operator, _StrPromise] = {
    Operator.BEGINS_WITH: _("begins with"),
    Operator.CONTAINS: _("contains"),
    Operator.IS_EXACTLY: _("is exactly"),
    Operator.ENDS_WITH: _("ends with"),
    Operator.IS_EMPTY: _("is empty"),
    Operator.IS_NOT_EMPTY: _("is not empty"),
    Operator.FROM: _("is at or after"),
    Operator.TO: _("is at or before"),
}
OF_TIMES = {Operator.FROM: "gte", Operator.TO: "lte"}
"""Offered by lists that have times, and only for these."""
WITHOUT_TEXT = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)
LOOKUPS = {
    Operator.BEGINS_WITH: "istartswith",
    Operator.CONTAINS: "icontains",
    Operator.IS_EXACTLY: "iexact",
    Operator.ENDS_WITH: "iendswith",
}
_SAME_IN_PYTHON: dict[Operator, Callable[[str, str], bool]] = {
    Operator.BEGINS_WITH: str.startswith,
    Operator.CONTAINS: str.__contains__,
    Operator.IS_EXACTLY: str.__eq__,
    Operator.ENDS_WITH: str.endswith,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    find: str = ""
    """Path of the field that is searched; empty: the column is no criterion."""
    choices: Mapping[Any, Any] | None = None
    """Stored value to its words: the words are what is shown, so the words are searched."""
    is_text: bool = True
    """Whether "empty" is the empty text; else it is NULL."""
    is_time: bool = False
    """Whether ``find`` is a moment: found by FROM and TO, with a text that ``moments`` reads."""
    many: bool = False
    """Whether ``find`` leads to several records, one of which has to match."""
    sort: Sorting | tuple[Sorting, ...] = ()
    """Nothing: its heading does not sort."""
    value: Callable[[Any], Any] | None = None
    """Of a row, for the CSV file; None: not in the file."""
    is_number: bool = False
    """Whether it stands at the right."""
    is_shown: bool = True
    """Whether it has a heading; else it is a criterion or a column of the file alone."""


@dataclass(frozen=True, slots=True)
class Column(_Options):
    name: str
    """In addresses."""
    label: _StrPromise | str

    def ordering(self, *, descending: bool) -> list[OrderBy]:
        parts = self.sort if isinstance(self.sort, tuple) else (self.sort,)
        found = [F(part) if isinstance(part, str) else part for part in parts]
        return [part.desc() if descending else part.asc() for part in found]  # type: ignore[union-attr]

    def condition(self, operator: Operator, text: str, records: QuerySet[Any]) -> Q:
        """What a record has to meet. An empty text is met by all.

        Raises ``NoMomentError``.
        """
        if operator in WITHOUT_TEXT:
            filled = self._matching(self._filled(), records)
            return filled if operator is Operator.IS_NOT_EMPTY else ~filled
        if not text:
            return Q()
        if self.is_time:
            moment = read_moment(text, is_end=operator is Operator.TO)
            return self._matching(Q(**{f"{self.find}__{OF_TIMES[operator]}": moment}), records)
        if self.choices is not None:
            return self._matching(Q(**{f"{self.find}__in": self._chosen(operator, text)}), records)
        return self._matching(Q(**{f"{self.find}__{LOOKUPS[operator]}": text}), records)

    def _filled(self) -> Q:
        filled = Q(**{f"{self.find}__isnull": False})
        can_be_empty = self.is_text and not self.is_time
        return filled & ~Q(**{self.find: ""}) if can_be_empty else filled

    def _chosen(self, operator: Operator, text: str) -> list[Any]:
        same, wanted = _SAME_IN_PYTHON[operator], text.casefold()
        choices = self.choices or {}
        return [value for value, words in choices.items() if same(str(words).casefold(), wanted)]

    def _matching(self, condition: Q, records: QuerySet[Any]) -> Q:
        if not self.many:
            return condition
        # Beside the list and not joined to it: a record with two matches is still one record.
        return Q(pk__in=records.model._base_manager.filter(condition).values("pk"))  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Listing:
    """The columns of one list. The first searchable text is what is offered first."""

    name: str
    """Of its CSV file."""
    columns: tuple[Column, ...]
    sort: str
    """Name of the column that sorts until somebody chooses another; ``-`` before it: downwards."""

    @property
    def criteria(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns if column.find}

    @property
    def first(self) -> Column:
        return next(column for column in self.criteria.values() if not column.is_time)

    @property
    def operators(self) -> dict[Operator, _StrPromise]:
        """In the order of the drop-down."""
        has_times = any(column.is_time for column in self.criteria.values())
        return {o: words for o, words in OPERATORS.items() if has_times or o not in OF_TIMES}

    @property
    def sortable(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns if column.sort != ()}
