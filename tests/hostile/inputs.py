"""What people with bad intentions, broken browsers and stray keyboards send."""

from __future__ import annotations

MARK = "zq9"
"""In what would run if a page showed it as it came."""
HUGE = "x" * 1_000_000

TEXTS = {
    "script": f"<script>{MARK}()</script>",
    "attribute": f"\"'><img src=x onerror={MARK}()>",
    "sql": "'; DROP TABLE groups_presenceredundancygroup; --",
    "template": "{{ 7|add:7 }}{% debug %}%s%(x)s%%{0}",
    "one megabyte": HUGE,
    "control": "a\x01\x07\x1b[31m\x7f\x85b",
    "nul": "a\x00b",
    "right to left": "abc\u202egpj.exe\u2066\u200f\ufeff",
    "emoji": "\U0001f469‍\U0001f469‍\U0001f467 \U0001f3f4‍☠️",
    "surrogate": "a\ud800b\udfff",
    "newline": "a\r\nX-Injected: 1\r\n\r\n<b>",
    "number": "99999999999999999999",
    "negative": "-1",
    "no number": "NaN",
    "float": "1e309",
    "other digits": "٣",
    "path": "../../../../etc/passwd",
    "other site": "//evil.example/%2e%2e",
    "blank": "  \u3000\t ",
    "empty": "",
}
WORST = f"{TEXTS['script']}{TEXTS['attribute']}\x00\u202e\ud800 99999999999999999999"
"""Of everything a little, for one field at a time."""

BODIES = {
    "no json": b"{",
    "not utf-8": b"\xff\xfe\x00=\xff",
    "null": b"null",
    "list": b"[1, [2, [3]]]",
    "deep": b'{"a":' * 20_000,
    "nothing": b"",
}
PARAMETERS = (
    "page", "rows", "sort", "view", "field", "operator", "text", "criteria", "shown", "copy",
    "next", "to", "from", "server", "service", "node", "group", "fragment", "topics", "since",
    "before", "after", "limit", "cluster", "q",
)  # fmt: skip
"""Of addresses, beside those that the links and forms of a page name."""
