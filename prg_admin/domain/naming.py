"""Names, descriptions and addresses that people type (domain facts 5.3, 7 and 10)."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator

from prg_admin.domain.problems import Code, Problem

NAME_LENGTH = 128
DESCRIPTION_LENGTH = 128
ADDRESS_LENGTH = 253
LABEL_LENGTH = 63
NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
DESCRIPTION_FORBIDDEN = frozenset('"%&\\<>')
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LOOKS_LIKE_IP = re.compile(r"[0-9.]+|.*:.*")


def name_rules(at: str, name: str) -> Iterator[Problem]:
    if len(name) > NAME_LENGTH:
        yield too_long(at, name, NAME_LENGTH)
    wrong = _distinct(c for c in name if c not in NAME_CHARACTERS)
    if wrong:
        yield Problem(at, Code.NAME_CHARACTERS, {"characters": wrong})


def name_taken(name: str, others: frozenset[str]) -> Iterator[Problem]:
    taken = next((other for other in sorted(others) if same(other, name)), None)
    if name and taken is not None:
        yield Problem("name", Code.NAME_TAKEN, {"name": name, "other": taken})


def validate_description(description: str) -> list[Problem]:
    problems = []
    if len(description) > DESCRIPTION_LENGTH:
        problems.append(too_long("description", description, DESCRIPTION_LENGTH))
    wrong = _distinct(c for c in description if c in DESCRIPTION_FORBIDDEN or _unprintable(c))
    if wrong:
        problems.append(
            Problem("description", Code.FORBIDDEN_CHARACTERS, {"characters": wrong}),
        )
    return problems


def is_host_name(text: str) -> bool:
    """Labels of letters, digits and inner dashes, joined by dots (RFC 1123)."""
    labels = text.split(".")
    return len(text) <= ADDRESS_LENGTH and all(
        len(label) <= LABEL_LENGTH and _LABEL.fullmatch(label) for label in labels
    )


def is_address(text: str) -> bool:
    """An IPv4 or IPv6 address, or a host name. ``10.0.0.300`` is neither."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return not _LOOKS_LIKE_IP.fullmatch(text) and is_host_name(text)
    return True


def _unprintable(character: str) -> bool:
    """Control, format, unassigned and private characters, and line breaks.

    Not ``str.isprintable``: that refuses the ideographic space of Japanese text.
    """
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def too_long(at: str, text: str, limit: int) -> Problem:
    return Problem(at, Code.TOO_LONG, {"length": len(text), "limit": limit})


def _distinct(characters: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(characters))


def same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
