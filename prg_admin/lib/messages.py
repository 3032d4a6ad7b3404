"""Keeps the Japanese catalogue in step with the words of code and templates; needs no gettext.

``python -m prg_admin.lib.messages`` takes new words up and drops those that are gone, keeping the
translations, and says what still waits for one. ``--check`` changes nothing and fails instead.
English is the source: the words in the code are its catalogue.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from prg_admin.lib.env import BASE_DIR

LOCALE = "ja"
PO_FILE = BASE_DIR / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
FUNCTIONS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*\d*\.?\d*[a-zA-Z]|%[sdr%]|\{\w*\}")
HEADER = r"""# Japanese words of PRG Admin; 'make messages' keeps them in step with the sources.
msgid ""
msgstr ""
"Language: ja\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""


def sources(root: Path = BASE_DIR) -> list[Path]:
    """Python files and templates, in a fixed order."""
    python = (root / "prg_admin").rglob("*.py")
    templates = [
        *(root / "templates").rglob("*.*"),
        *(root / "prg_admin").glob("*/templates/**/*.*"),
    ]
    return [*sorted(python), *sorted(path for path in templates if path.is_file())]


def extracted(paths: Iterable[Path], root: Path = BASE_DIR) -> Catalog:
    """The words of ``paths``, without translations."""
    catalog = Catalog(charset="utf-8")
    for path in paths:
        for words, context, comments in _words_of(path):
            place = [(path.relative_to(root).as_posix(), None)]
            catalog.add(words, locations=place, auto_comments=comments, context=context)  # type: ignore[arg-type]
    return catalog


def _words_of(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None, list[str]]]:
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        # What is no translation becomes letters without meaning; their indentation would be
        # wrong Python.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).split("\n"))
    found = extract("python", io.BytesIO(text.encode()), FUNCTIONS, ("Translators:",))
    for _line, words, comments, context in found:
        yield (words, context, comments)


def read(path: Path = PO_FILE) -> Catalog:
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE, abort_invalid=True)


def write(catalog: Catalog, path: Path = PO_FILE) -> None:
    """Without dates, so that only words make a difference."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = io.BytesIO()
    write_po(body, catalog, width=100, omit_header=True, ignore_obsolete=True, include_lineno=False)
    path.write_bytes(HEADER.encode() + body.getvalue())


def problems(catalog: Catalog, template: Catalog) -> list[str]:
    """What keeps ``catalog`` from being a full translation of ``template``, one line each."""
    known, wanted = _by_key(catalog), _by_key(template)
    return [
        *(f"not in the catalogue: {_shown(m)}" for key, m in wanted.items() if key not in known),
        *(f"in no source any more: {_shown(m)}" for key, m in known.items() if key not in wanted),
        *(line for key, m in known.items() if key in wanted for line in _faults(m, wanted[key])),
    ]


def _by_key(catalog: Catalog) -> dict[tuple[str, str | None], Message]:
    return {(_texts(m.id)[0], m.context): m for m in catalog if m.id}


def _faults(message: Message, source: Message) -> Iterator[str]:
    if _texts(message.id) != _texts(source.id):
        yield f"plural differs: {_shown(message)}"
    if message.fuzzy:
        yield f"fuzzy: {_shown(message)}"
    translations = _texts(message.string or "")
    if not all(translations):
        yield f"not translated: {_shown(message)}"
        return
    # With one form for all numbers, a translation follows the plural, which names the number.
    expected = _placeholders(_texts(message.id)[-1])
    if any(_placeholders(translation) != expected for translation in translations):
        yield f"placeholders differ: {_shown(message)}"


def _texts(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def _shown(message: Message) -> str:
    context = f" (context {message.context!r})" if message.context else ""
    return f"{_texts(message.id)[0]!r}{context}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m prg_admin.lib.messages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on any problem")
    options = parser.parse_args(arguments)
    template, catalog = extracted(sources()), read()
    if not options.check:
        catalog.update(template, no_fuzzy_matching=True)
        write(catalog)
    found = problems(read(), template)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
