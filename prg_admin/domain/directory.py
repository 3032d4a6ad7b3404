"""A cluster's LDAP directory: what may be saved about it, and what its answers mean.

The one validator of every door (the form as one types, saving, testing), and the safety limit of
removals. It opens no connection and knows no Django: problems are values, and
``users.directory_sentences`` makes sentences of them.

The safety limit: users that came from the directory and are not in it any more are removed, unless
they are more than ``most_removed`` percent of those that came from it. Then nobody is removed until
an administrator says so, for so many as were shown. A directory that answers with nothing, or with
half of what it has, empties no cluster.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from prg_admin.domain.naming import is_address
from prg_admin.domain.node_rules import PORT_MAX, PORT_MIN

PORTS = {"ldap": 389, "ldaps": 636}
SERVER_LENGTH, DN_LENGTH, FILTER_LENGTH, ATTRIBUTE_LENGTH = 255, 255, 1000, 64
PASSWORD_LENGTH = 255
RANGES: Mapping[str, tuple[int, int]] = {
    "page_size": (1, 1000),
    "minutes": (5, 10_080),
    "most_removed": (0, 100),
}
"""Entries of one answer; between two synchronisations, up to a week; percent."""
LENGTHS: Mapping[str, int] = {
    "server": SERVER_LENGTH,
    "bind_dn": DN_LENGTH,
    "password": PASSWORD_LENGTH,
    "base": DN_LENGTH,
    "filter": FILTER_LENGTH,
    "userid_attribute": ATTRIBUTE_LENGTH,
    "name_attribute": ATTRIBUTE_LENGTH,
    "licence_attribute": ATTRIBUTE_LENGTH,
}

_DESCRIPTOR = re.compile(r"([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)(;[A-Za-z0-9-]+)*")
_VALUE = re.compile(r"([^\\,+\"<>;=\x00-\x1f]|\\[,+\"<>;= #\\]|\\[0-9A-Fa-f]{2})*")
_RDN = re.compile(rf"\s*(?:{_DESCRIPTOR.pattern})\s*=\s*{_VALUE.pattern}")
_ITEM = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9.;:-]*\s*(?:=|~=|>=|<=|:=)([^()\\\x00]|\\[0-9A-Fa-f]{2})*"
)
_SPLIT = re.compile(r"(?<!\\)[,+]")
MOST_NESTED = 20


class Code(StrEnum):
    """What is wrong with a field."""

    REQUIRED = "required"
    TOO_LONG = "too-long"
    CHARACTERS = "characters"
    SCHEME = "scheme"
    HOST = "host"
    PORT = "port"
    ONLY_ADDRESS = "only-address"
    DN = "dn"
    FILTER = "filter"
    ATTRIBUTE = "attribute"
    RANGE = "range"
    PASSWORD_WITHOUT_DN = "password-without-dn"  # noqa: S105 - no password
    PASSWORD_AGAIN = "password-again"  # noqa: S105 - no password


class Trouble(StrEnum):
    """Why a directory could not be read; nothing was changed then."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNKNOWN_HOST = "unknown-host"
    TLS = "tls"
    CREDENTIALS = "credentials"
    NOT_ALLOWED = "not-allowed"
    BASE = "base"
    FILTER = "filter"
    INCOMPLETE = "incomplete"
    ANSWER = "answer"
    BROKEN_OFF = "broken-off"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    code: Code
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DirectoryDraft:
    """What somebody wants to save. Numbers that are no numbers are None."""

    server: str = ""
    bind_dn: str = ""
    password: str = dataclasses.field(default="", repr=False)
    """Empty: the stored one."""
    base: str = ""
    filter: str = "(objectClass=inetOrgPerson)"
    userid_attribute: str = "uid"
    name_attribute: str = "displayName"
    licence_attribute: str = ""
    """Empty: everybody is licensed."""
    page_size: int | None = 500
    minutes: int | None = 60
    most_removed: int | None = 10
    is_enabled: bool = False


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """What a stored password was given for."""

    server: str
    bind_dn: str


def validate_directory(draft: DirectoryDraft, stored: StoredAccess | None) -> list[Problem]:
    """All that is wrong, in the order of the fields. ``stored``: None without a stored password."""
    problems = list(_texts(draft))
    wrong = {problem.field for problem in problems}
    if draft.server and "server" not in wrong:
        problems += _server(draft.server)
    for field in ("bind_dn", "base"):
        value = getattr(draft, field)
        if value and field not in wrong and not is_dn(value):
            problems.append(Problem(field, Code.DN, {"value": value}))
    if draft.filter and "filter" not in wrong and not is_filter(draft.filter):
        problems.append(Problem("filter", Code.FILTER, {"value": draft.filter}))
    for field in ("userid_attribute", "name_attribute", "licence_attribute"):
        value = getattr(draft, field)
        if value and field not in wrong and not _DESCRIPTOR.fullmatch(value):
            problems.append(Problem(field, Code.ATTRIBUTE, {"value": value}))
    problems += _numbers(draft)
    problems += _password(draft, stored)
    order = [field.name for field in dataclasses.fields(DirectoryDraft)]
    return sorted(problems, key=lambda problem: order.index(problem.field))


def _texts(draft: DirectoryDraft) -> Iterator[Problem]:
    for field in ("server", "base", "filter", "userid_attribute"):
        if not getattr(draft, field):
            yield Problem(field, Code.REQUIRED)
    for field, limit in LENGTHS.items():
        value = getattr(draft, field)
        if len(value) > limit:
            yield Problem(field, Code.TOO_LONG, {"length": len(value), "limit": limit})
        elif any(ord(c) < ord(" ") or ord(c) in range(0x7F, 0xA0) for c in value):
            yield Problem(field, Code.CHARACTERS)


def _numbers(draft: DirectoryDraft) -> Iterator[Problem]:
    for field, (least, most) in RANGES.items():
        value = getattr(draft, field)
        if value is None or not least <= value <= most:
            yield Problem(field, Code.RANGE, {"least": least, "most": most})


def _password(draft: DirectoryDraft, stored: StoredAccess | None) -> Iterator[Problem]:
    """A stored password goes only where it was given for: another server must not learn it."""
    if draft.password and not draft.bind_dn:
        yield Problem("bind_dn", Code.PASSWORD_WITHOUT_DN)
    if not draft.bind_dn or draft.password:
        return
    if stored is None:
        yield Problem("password", Code.REQUIRED)
    elif stored != StoredAccess(draft.server, draft.bind_dn):
        yield Problem("password", Code.PASSWORD_AGAIN)


def _server(server: str) -> Iterator[Problem]:
    address = split_server(server)
    if address is None:
        yield Problem("server", Code.SCHEME, {"value": server})
        return
    parts, host, port = address
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        yield Problem("server", Code.ONLY_ADDRESS, {"value": server})
    elif not is_address(host):
        yield Problem("server", Code.HOST, {"value": host or server})
    elif port is None or not PORT_MIN <= port <= PORT_MAX:
        yield Problem("server", Code.PORT, {"value": server})


def split_server(server: str) -> tuple[SplitResult, str, int | None] | None:
    """Parts, host and port of an address; None when it is none of ldap:// or ldaps://."""
    try:
        parts = urlsplit(server)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in PORTS or not server.lower().startswith(f"{parts.scheme}://"):
        return None
    try:
        port = parts.port
    except ValueError:
        return parts, host, None
    return parts, host, PORTS[parts.scheme] if port is None else port


def is_dn(text: str) -> bool:
    """Whether it has the form of a distinguished name (RFC 4514)."""
    return all(_RDN.fullmatch(part.rstrip()) for part in _SPLIT.split(text))


def is_filter(text: str) -> bool:
    """Whether it has the form of a search filter (RFC 4515): brackets, operators, items."""
    end = _filter_end(text, 0, MOST_NESTED)
    return end is not None and end == len(text)


def _filter_end(text: str, start: int, deep: int) -> int | None:
    """Where the filter that begins at ``start`` ends."""
    if deep == 0 or text[start : start + 1] != "(":
        return None
    at = start + 1
    if text[at : at + 1] in ("&", "|", "!"):
        operator, at, inner = text[at], at + 1, 0
        while text[at : at + 1] == "(":
            end = _filter_end(text, at, deep - 1)
            if end is None:
                return None
            at, inner = end, inner + 1
        if inner == 0 or (operator == "!" and inner > 1):
            return None
    else:
        item = _ITEM.match(text, at)
        if item is None:
            return None
        at = item.end()
    return at + 1 if text[at : at + 1] == ")" else None


def are_too_many(gone: int, known: int, most_removed: int) -> bool:
    """Whether so many of the users that came from the directory are not removed unasked."""
    return gone * 100 > known * most_removed
