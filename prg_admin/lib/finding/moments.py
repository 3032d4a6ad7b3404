"""Moments as people write them: in a format of their language, in their time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Outside of them nothing happened, and some moments cannot even be counted."""


DAYS = ("%b %d, %Y", "%Y/%m/%d", "%Y年%m月%d日")
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H時%M分")
OURS = {"DATE": DAYS, "DATETIME": tuple(f"{day} {time}" for day in DAYS for time in TIMES)}
"""As our pages show them (``lib.formats``), and as they are written in Japan."""


class NoMomentError(ValueError):
    """With the sentence that says why."""


def read_moment(text: str, *, is_end: bool = False) -> datetime:
    """Aware. A day without a time is its beginning, and with ``is_end`` the whole day.

    Raises ``NoMomentError``.
    """
    text = text.strip()
    day = _day(text)
    try:
        if day is not None:
            moment = make_aware(datetime.combine(day, time()), get_current_timezone())
            moment += timedelta(days=1, microseconds=-1) if is_end else timedelta()
        else:
            moment = forms.DateTimeField(input_formats=_formats("DATETIME")).clean(text)
    except (ValidationError, ValueError, OverflowError):
        said = _("“%(text)s” is no date or time; write it like 2026-11-28 13:05.")
        raise NoMomentError(said % {"text": text}) from None
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        said = _("“%(text)s” is not between the years %(first)s and %(last)s.")
        raise NoMomentError(said % {"text": text, "first": FIRST_YEAR, "last": LAST_YEAR})
    # What is written to the minute or second stands for all of it.
    return moment + _rest(text, moment) if is_end and day is None else moment


def _day(text: str) -> date | None:
    try:
        found = forms.DateField(input_formats=_formats("DATE")).clean(text)
    except (ValidationError, ValueError, OverflowError):
        return None
    return found if FIRST_YEAR <= found.year < LAST_YEAR else None


def _formats(kind: str) -> list[str]:
    """Those that Django knows of the language, and ours."""
    return [*get_format(f"{kind}_INPUT_FORMATS"), *OURS[kind]]


def _rest(text: str, moment: datetime) -> timedelta:
    is_to_the_minute = not moment.second and not moment.microsecond and text.count(":") < 2  # noqa: PLR2004
    if is_to_the_minute:
        return timedelta(minutes=1, microseconds=-1)
    return timedelta() if moment.microsecond else timedelta(seconds=1, microseconds=-1)


def written(moment: datetime) -> str:
    """For a field: what ``read_moment`` reads in every language."""
    return moment.astimezone(get_current_timezone()).strftime("%Y-%m-%d %H:%M")
