"""Moments are shown in the form of the language, and can be written so into a field."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.utils import translation

from prg_admin.lib.finding.moments import read_moment

AT = datetime(2026, 11, 8, 3, 5, 9, 123_456, tzinfo=UTC)
EXACT = 'EXACT_FORMAT"|slice:":-3'


def shown(form: str, language: str) -> str:
    with translation.override(language):
        template = engines["django"].from_string(f'{{{{ at|date:"{form}" }}}}')
        return str(template.render({"at": AT}))


@pytest.mark.parametrize(
    ("form", "in_english", "in_japanese"),
    [
        ("DATETIME_FORMAT", "Nov 08, 2026 03:05:09", "2026/11/08 03:05:09"),
        ("SHORT_DATETIME_FORMAT", "Nov 08, 2026 03:05", "2026/11/08 03:05"),
        ("TIME_FORMAT", "03:05:09", "03:05:09"),
        ("DATE_FORMAT", "Nov 08, 2026", "2026/11/08"),
        (EXACT, "Nov 08, 2026 03:05:09.123", "2026/11/08 03:05:09.123"),
    ],
)
def test_a_moment_in_both_languages(form: str, in_english: str, in_japanese: str):
    assert [shown(form, "en"), shown(form, "ja")] == [in_english, in_japanese]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("form", "left_out"),
    [
        (EXACT, timedelta(microseconds=456)),
        ("DATETIME_FORMAT", timedelta(microseconds=123_456)),
        ("SHORT_DATETIME_FORMAT", timedelta(seconds=9, microseconds=123_456)),
    ],
)
def test_what_is_shown_is_read(form: str, left_out: timedelta, language: str):
    with translation.override(language):
        assert read_moment(shown(form, language)) == AT - left_out


def test_no_template_has_a_form_of_its_own():
    forms = {
        form
        for folder in settings.TEMPLATES[0]["DIRS"]
        for file in Path(folder).rglob("*.html")
        for form in re.findall(r"""\|date:["']([^"']*)""", file.read_text())
    }
    names = {"DATETIME_FORMAT", "SHORT_DATETIME_FORMAT", "TIME_FORMAT", "EXACT_FORMAT"}
    assert forms == names | {"c", "U"}  # for machines: ISO 8601, seconds since 1970
