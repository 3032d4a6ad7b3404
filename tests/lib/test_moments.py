"""Dates and times as people write them, in their language and zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from prg_admin.lib.finding.moments import NoMomentError, read_moment, written


def read(text: str, *, language: str = "en", zone: str = "UTC", is_end: bool = False) -> str:
    with translation.override(language), timezone.override(zone):
        return read_moment(text, is_end=is_end).astimezone(UTC).isoformat()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2026-11-28 13:05", "en", "2026-11-28T13:05:00+00:00"),
        ("2026-11-28T13:05:09", "en", "2026-11-28T13:05:09+00:00"),
        (" 2026-11-28 ", "en", "2026-11-28T00:00:00+00:00"),
        ("11/28/2026 13:05", "en", "2026-11-28T13:05:00+00:00"),
        ("2026/11/28 13:05", "ja", "2026-11-28T13:05:00+00:00"),
        ("2026年11月28日", "ja", "2026-11-28T00:00:00+00:00"),
        ("2026年11月28日 13時05分", "ja", "2026-11-28T13:05:00+00:00"),
        ("2026-11-28 13:05+09:00", "ja", "2026-11-28T04:05:00+00:00"),
    ],
)
def test_a_moment_in_a_format_of_the_language(text: str, language: str, expected: str):
    assert read(text, language=language) == expected


def test_a_moment_is_of_the_readers_zone():
    assert read("2026-11-28 01:00", zone="Asia/Tokyo") == "2026-11-27T16:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-28", "2026-11-28T23:59:59.999999+00:00"),
        ("2026-11-28 13:05", "2026-11-28T13:05:59.999999+00:00"),
        ("2026-11-28 13:05:07", "2026-11-28T13:05:07.999999+00:00"),
        ("2026-11-28 13:05:07.5", "2026-11-28T13:05:07.500000+00:00"),
    ],
)
def test_an_end_holds_all_of_what_was_written(text: str, expected: str):
    assert read(text, is_end=True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "noon", "2026-13-01", "2026-02-30 10:00", "0001-01-01", "9999-12-31",
        "1999-12-31 23:59",
        "2100-01-01", "１２", "2026-11-28 25:00", "99999999-1-1", "<b>", "2026-11-28 10:00 +99:99",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_named(text: str):
    with pytest.raises(NoMomentError) as refused:
        read(text)
    assert f"“{text}”" in str(refused.value)


def test_what_is_written_into_a_field_is_read_again():
    moment = datetime(2026, 11, 28, 4, 5, tzinfo=UTC)
    for language in ("en", "ja"):
        with translation.override(language), timezone.override("Asia/Tokyo"):
            assert written(moment) == "2026-11-28 13:05"
            assert read_moment(written(moment)) == moment
