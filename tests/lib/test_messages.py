"""The Japanese catalogue is complete, and the tool that keeps it so sees what it should."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings as django_settings

from prg_admin.launcher import catalogues
from prg_admin.lib import messages


def words_in(folder: Path, name: str, text: str) -> set[tuple[object, str | None]]:
    """What is found in a file of that name: message ids with their contexts."""
    path = folder / name
    path.write_text(text)
    found = messages.extracted([path], root=folder)
    return {(m.id, m.context) for m in found if m.id}


def test_words_of_python_are_found(tmp_path):
    text = """
_("plain")
gettext_lazy("in two " "pieces")
ngettext("%(n)s node", "%(n)s nodes", n)
pgettext("menu", "with context")
other("no word of ours")
"""
    assert words_in(tmp_path, "views.py", text) == {
        ("plain", None),
        ("in two pieces", None),
        (("%(n)s node", "%(n)s nodes"), None),
        ("with context", "menu"),
    }


def test_words_of_templates_are_found(tmp_path):
    text = """
<p title="{% translate 'plain' %}">{{ "x"|default:_("in a filter") }}</p>
    {% blocktranslate trimmed with name=group.name %}
      over
      two lines of {{ name }}
    {% endblocktranslate %}
{% blocktranslate count n=all|length %}{{ n }} node{% plural %}{{ n }} nodes{% endblocktranslate %}
{% translate "with context" context "menu" %}{% comment %}{% translate "hidden" %}{% endcomment %}
"""
    assert words_in(tmp_path, "page.html", text) == {
        ("plain", None),
        ("in a filter", None),
        ("over two lines of %(name)s", None),
        (("%(n)s node", "%(n)s nodes"), None),
        ("with context", "menu"),
    }


def test_every_word_has_its_translation():
    """Red? Run ``make messages`` and fill in what it names."""
    assert messages.problems(messages.read(), messages.extracted(messages.sources())) == []


def catalogue() -> Catalog:
    catalog = Catalog(locale="ja", fuzzy=False)
    catalog.add("node %(name)s", "ノード %(name)s")
    catalog.add(("%(n)s node", "%(n)s nodes"), ("ノード %(n)s 個",))
    return catalog


def test_a_full_translation_has_no_problems():
    assert messages.problems(catalogue(), catalogue()) == []


def test_a_new_word_is_missed():
    template = catalogue()
    template.add("new")
    assert messages.problems(catalogue(), template) == ["not in the catalogue: 'new'"]


def test_a_word_that_is_gone_is_named():
    known = catalogue()
    known.add("gone", "古い")
    assert messages.problems(known, catalogue()) == ["in no source any more: 'gone'"]


@pytest.mark.parametrize(
    ("string", "problem"),
    [
        ("", "not translated: 'node %(name)s'"),
        ("ノード", "placeholders differ: 'node %(name)s'"),
        ("ノード %(nmae)s", "placeholders differ: 'node %(name)s'"),
        ("ノード %(name)d", "placeholders differ: 'node %(name)s'"),
    ],
)
def test_a_bad_translation_is_named(string, problem):
    known = catalogue()
    known["node %(name)s"].string = string
    assert messages.problems(known, catalogue()) == [problem]


def test_a_fuzzy_translation_is_named():
    known = catalogue()
    known["node %(name)s"].flags.add("fuzzy")
    assert messages.problems(known, catalogue()) == ["fuzzy: 'node %(name)s'"]


def test_a_plural_without_translation_is_named():
    known = catalogue()
    known["%(n)s node"].string = ("",)
    assert messages.problems(known, catalogue()) == ["not translated: '%(n)s node'"]


def test_taking_up_new_words_keeps_the_translations(tmp_path):
    po_file = tmp_path / "ja" / "django.po"
    messages.write(catalogue(), po_file)
    template = catalogue()
    template.add("new")
    known = messages.read(po_file)
    known.update(template, no_fuzzy_matching=True)
    messages.write(known, po_file)
    assert messages.problems(messages.read(po_file), template) == ["not translated: 'new'"]


def test_writing_again_changes_nothing(tmp_path):
    po_file = tmp_path / "django.po"
    messages.write(messages.read(), po_file)
    assert po_file.read_text() == messages.PO_FILE.read_text()


@pytest.fixture
def compiled(settings) -> None:
    """The catalogue as the pages read it."""
    catalogues.compile_all()
    settings.LOCALE_PATHS = list(django_settings.LOCALE_PATHS)  # forget what was loaded before


@pytest.mark.django_db
@pytest.mark.usefixtures("compiled")
def test_a_japanese_browser_gets_japanese_pages(client):
    text = client.get("/login/", headers={"Accept-Language": "ja"}).content.decode()
    assert '<html lang="ja">' in text
    assert "サインイン" in text
