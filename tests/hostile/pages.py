"""The forms of a page and the parameters of its links, found by reading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote_plus, urlsplit

Fields = list[tuple[str, str]]


@dataclass
class Form:
    action: str
    posts: bool
    fields: Fields = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.fields))


class Page(HTMLParser):
    """Every named control counts, hidden ones too: whoever attacks has no use for a browser."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.parameters: set[str] = set()
        self._by_id: dict[str, Form] = {}
        self._open: Form | None = None
        self._loose: list[tuple[str, str, str]] = []
        self.feed(html)
        for form_id, name, value in self._loose:
            if form_id in self._by_id:
                self._by_id[form_id].fields.append((name, value))
        self.parameters |= {n for f in self.forms if not f.posts for n in f.names}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(values.get("action", ""), values.get("method", "").lower() == "post")
            self.forms.append(self._open)
            self._by_id[values.get("id", "")] = self._open
        elif tag in {"input", "select", "textarea", "button"} and values.get("name"):
            self._note(values)
        elif tag == "a":
            query = urlsplit(values.get("href", "")).query
            self.parameters |= {name for name, _ in parse_qsl(query, keep_blank_values=True)}

    def _note(self, values: dict[str, str]) -> None:
        name, value = values["name"], values.get("value", "")
        if "form" in values:
            self._loose.append((values["form"], name, value))
        elif self._open:
            self._open.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def encoded(fields: Fields) -> str:
    """As a browser would send it, and lone surrogates as no browser can."""
    pairs = ((_percent(name), _percent(value)) for name, value in fields)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _percent(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))
