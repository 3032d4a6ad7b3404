"""Translations are compiled without the system's gettext."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from prg_admin.launcher import catalogues

TEXT = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Server"
msgstr "サーバ"

#, fuzzy
msgid "Group"
msgstr "guessed"
"""


def catalogue(root: Path) -> Path:
    source = root / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(TEXT)
    return source


def test_a_compiled_catalogue_translates_but_does_not_guess(tmp_path: Path):
    source = catalogue(tmp_path)
    assert catalogues.compile_all(tmp_path) == [source.with_suffix(".mo")]
    with source.with_suffix(".mo").open("rb") as file:
        japanese = gettext.GNUTranslations(file)
    assert japanese.gettext("Server") == "サーバ"
    assert japanese.gettext("Group") == "Group"


def test_only_a_changed_catalogue_is_compiled_again(tmp_path: Path):
    source = catalogue(tmp_path)
    catalogues.compile_all(tmp_path)
    assert catalogues.compile_all(tmp_path) == []
    newer = source.with_suffix(".mo").stat().st_mtime + 1
    os.utime(source, (newer, newer))
    assert catalogues.compile_all(tmp_path) == [source.with_suffix(".mo")]
