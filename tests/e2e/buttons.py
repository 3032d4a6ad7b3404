"""Every button there is, read from the templates, and how a journey presses it in a language.

A button is named by its template and its English words: ``groups/group.html: Save``. The same words
twice in one template (tool bar and foot) are one button.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from prg_admin.launcher.config import ROOT
from tests.e2e.site import Site
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person

TEMPLATES = ROOT / "templates"
ELEMENT = re.compile(r'<(a|button)\b((?:[^>"]|"[^"]*")*)>(.*?)</\1>', re.DOTALL)
LOOKS_LIKE_ONE = re.compile(r'class="[^"]*(?:\btool\b|\bbutton\b|\{\{ class)')
WORDS = re.compile(
    r'\{% translate "([^"]*)" %\}|\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}'
)
LABEL = re.compile(r"""aria-label="\{% translate '([^']*)' %\}""")
HIDDEN = "visually-hidden"


def every_button() -> set[str]:
    found: set[str] = set()
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        found |= {f"{name}: {words}" for words in buttons_of(path)}
    return found


def buttons_of(template: Path) -> Iterator[str]:
    """Their words; what has none of its own shows a variable, and is named by that."""
    text = re.sub(
        r"\{% comment %\}.*?\{% endcomment %\}", "", template.read_text(), flags=re.DOTALL
    )
    for kind, attributes, content in ELEMENT.findall(text):
        if kind == "a" and not LOOKS_LIKE_ONE.search(attributes):
            continue
        if label := LABEL.search(attributes):
            yield label[1]
            continue
        words = [one or other for one, other in WORDS.findall(content)]
        if HIDDEN in content:
            yield " ".join(words)
        else:
            yield from words or [re.sub(r"<[^>]*>|\{%.*?%\}", "", content).strip()]


class Reader:
    """Somebody who reads pages in a language, and the buttons that were pressed there."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.language = language
        self.pressed: set[str] = set()

    def open(self, address: str) -> None:
        self.page.goto(address)
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)

    def words(self, english: str) -> str:
        return self.words_in(self.language, english)

    @staticmethod
    def words_in(language: str, english: str) -> str:
        with translation.override(language):
            return translation.gettext(english)

    def press(self, button: str) -> None:
        self.find(button).click()
        self.pressed.add(button)

    def press_named(
        self, button: str, name: str, *, within: Locator | None = None, among: str = "a, button"
    ) -> None:
        """One whose words are not in its template: by the name it has in the language."""
        exactly = re.compile(rf"^\s*{re.escape(name)}\s*$")
        (within or self.page.locator("body")).locator(among).filter(has_text=exactly).click()
        self.pressed.add(button)

    def find(self, button: str) -> Locator:
        """By the name it has in the language, as somebody who listens to the page finds it."""
        _template, _, english = button.partition(": ")
        # Words that only the ear gets ("Go to the chosen server") are translated apart.
        pieces = ["Go", english[3:]] if english.startswith("Go to") else [english]
        return self.named(" ".join(map(self.words, pieces)))

    def named(self, name: str) -> Locator:
        named = [self.page.get_by_role(role, name=name, exact=True) for role in ("button", "link")]  # type: ignore[arg-type]
        return named[0].or_(named[1]).first


class Hand(Reader):
    """Somebody at the demo's installation."""

    def __init__(
        self,
        site: Site,
        language: str,
        installation: Installation,
        person: Person,
        pair: WatchedPair,
    ) -> None:
        super().__init__(site.page, language)
        self.site = site
        self.installation = installation
        self.person = person
        self.pair = pair

    def is_told(self, english: str) -> None:
        """The Status box says this, in the language."""
        expect(self.site.page.locator("#status")).to_contain_text(self.words(english))

    def value(self, sql: str, *values: object) -> object:
        """The only value of the only row; None without a row."""
        rows = self.installation.query(sql, *values)
        return next(iter(rows[0].values())) if rows else None


Act = Callable[[Hand], None]
JOURNEYS: dict[str, tuple[Act, frozenset[str]]] = {}


def pressing(*buttons: str) -> Callable[[Act], Act]:
    """``template: words | other words``: what the journey has to have pressed in the end."""

    def note(act: Act) -> Act:
        split = (button.partition(": ") for button in buttons)
        named = (f"{template}: {w}" for template, _, words in split for w in words.split(" | "))
        JOURNEYS[act.__name__.replace("_", " ")] = (act, frozenset(named))
        return act

    return note
