"""What is wrong with a directory's fields, why it could not be read, and what a sync did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prg_admin.domain.directory import Code, Problem, Trouble
from prg_admin.users.lines import Fault
from prg_admin.users.sentences import fault_text, number, queued_text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST_SHOWN = 80

FIELDS: dict[str, _StrPromise] = {
    "server": gettext_lazy("Server"),
    "bind_dn": gettext_lazy("Bind DN"),
    "password": gettext_lazy("Password"),
    "base": gettext_lazy("Search Base"),
    "filter": gettext_lazy("Filter"),
    "userid_attribute": gettext_lazy("Attribute of the User ID"),
    "name_attribute": gettext_lazy("Attribute of the Name"),
    "licence_attribute": gettext_lazy("Attribute of the Licence"),
    "page_size": gettext_lazy("Page Size"),
    "minutes": gettext_lazy("Synchronise every (minutes)"),
    "most_removed": gettext_lazy("Refuse to remove more than (%)"),
    "is_enabled": gettext_lazy("Synchronise by schedule"),
}

_PROBLEMS: dict[Code, _StrPromise] = {
    Code.REQUIRED: gettext_lazy("%(field)s is required: enter a value."),
    Code.TOO_LONG: gettext_lazy(
        "%(field)s has %(length)s characters; at most %(limit)s are allowed."
    ),
    Code.CHARACTERS: gettext_lazy("%(field)s contains control characters; they are not allowed."),
    Code.SCHEME: gettext_lazy(
        "%(field)s %(value)s is no address of a directory; it begins with ldap:// or ldaps://."
    ),
    Code.HOST: gettext_lazy("%(field)s %(value)s is neither a host name nor an IP address."),
    Code.PORT: gettext_lazy("%(field)s %(value)s: the port is not between 1 and 65535."),
    Code.ONLY_ADDRESS: gettext_lazy(
        "%(field)s %(value)s has more than scheme, host and port; enter it as in "
        "ldaps://ldap.example.com:636."
    ),
    Code.DN: gettext_lazy(
        "%(field)s %(value)s is not a distinguished name; enter it as in ou=people,dc=example,"
        "dc=com."
    ),
    Code.FILTER: gettext_lazy(
        "%(field)s %(value)s is not a search filter; enter it as in (objectClass=inetOrgPerson), "
        "with all brackets."
    ),
    Code.ATTRIBUTE: gettext_lazy(
        "%(field)s %(value)s is not the name of an attribute; it has letters, digits and dashes, "
        "and begins with a letter."
    ),
    Code.RANGE: gettext_lazy("%(field)s must be a whole number from %(least)s to %(most)s."),
    Code.PASSWORD_WITHOUT_DN: gettext_lazy(
        "%(field)s is required where there is a password; without both the directory is read "
        "anonymously."
    ),
    Code.PASSWORD_AGAIN: gettext_lazy(
        "%(field)s: enter it again, because server or bind DN have changed; a stored password is "
        "sent only where it was given for."
    ),
}

_TROUBLES: dict[Trouble, _StrPromise] = {
    Trouble.REFUSED: gettext_lazy(
        "The server refuses connections at this port; it is probably not running."
    ),
    Trouble.TIMEOUT: gettext_lazy("The server did not answer in time."),
    Trouble.UNREACHABLE: gettext_lazy("There is no way to the server."),
    Trouble.UNKNOWN_HOST: gettext_lazy("The host name of the server is not known."),
    Trouble.TLS: gettext_lazy(
        "The server's certificate is not trusted, or the server does not speak TLS at this port "
        "(%(detail)s). Trusted authorities are those of the system, or of LDAP_CA_FILE."
    ),
    Trouble.CREDENTIALS: gettext_lazy("The server does not take this bind DN and password."),
    Trouble.NOT_ALLOWED: gettext_lazy(
        "The server does not allow this account to read there (%(detail)s)."
    ),
    Trouble.BASE: gettext_lazy(
        "The server has no such search base, or does not show it to this account."
    ),
    Trouble.FILTER: gettext_lazy("The server does not understand the filter."),
    Trouble.INCOMPLETE: gettext_lazy(
        "The server gives this account only a part of the entries (%(detail)s). A part is not "
        "enough: raise the server's limit for the account."
    ),
    Trouble.ANSWER: gettext_lazy("The server answered: %(detail)s."),
    Trouble.BROKEN_OFF: gettext_lazy("The connection broke off while the directory was read."),
    Trouble.SEALED: gettext_lazy(
        "The stored password cannot be read any more, because the installation's SECRET_KEY has "
        "changed; enter the password again."
    ),
}

_ENTRY_FAULTS: dict[Fault, _StrPromise] = {
    Fault.REQUIRED: gettext_lazy("It has no User ID: the attribute is missing or empty."),
    Fault.DOUBLE: gettext_lazy("User ID %(userid)s is that of %(first)s already."),
    Fault.SEVERAL_VALUES: gettext_lazy(
        "Attribute %(attribute)s has %(count)s values; exactly one can be used."
    ),
    Fault.NOT_TEXT: gettext_lazy("Attribute %(attribute)s is not text in UTF-8."),
}


def problem_text(problem: Problem) -> str:
    values: dict[str, object] = {
        key: number(value) if isinstance(value, int) else value[:LONGEST_SHOWN]
        for key, value in problem.values.items()
    }
    return str(_PROBLEMS[problem.code] % {**values, "field": FIELDS[problem.field]})


def trouble_text(trouble: str, detail: str = "") -> str:
    return str(_TROUBLES[Trouble(trouble)] % {"detail": detail or "-"})


def entry_fault_text(fault: str, values: Mapping[str, str | int]) -> str:
    own = _ENTRY_FAULTS.get(Fault(fault))
    return str(own % dict(values)) if own else fault_text(fault, dict(values))


def result_words(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tone and text of each line; of a job, and of a directory's last synchronisation."""
    if "trouble" in result:
        why = trouble_text(result["trouble"], result.get("detail", ""))
        text = _("The directory could not be read; nothing was changed. %(why)s")
        return [("error", text % {"why": why})]
    if "added" not in result:
        text = _("Entries read: %(found)s.")
        return [("info", text % {"found": number(result["found"])})] if "found" in result else []
    names = ("found", "added", "changed", "removed")
    text = _(
        "Entries found: %(found)s. Users added: %(added)s, changed: %(changed)s, "
        "removed: %(removed)s."
    )
    found = [("success", text % {name: number(result[name]) for name in names})]
    if result["held"]:
        found.append(("error", held_text(result)))
    if result["fault_count"]:
        found.append(("warning", _faulty(result["fault_count"])))
    if result.get("assigned"):
        text = _("New users who have a home node: %(users)s.")
        found.append(("success", text % {"users": number(result["assigned"])}))
    if result.get("queued"):
        found.append(("warning", queued_text(result["queued"])))
    if result.get("unplaced"):
        text = _("Users for whom there was no place, and who are unassigned: %(unplaced)s.")
        found.append(("warning", text % {"unplaced": number(result["unplaced"])}))
    return found


def held_text(result: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(gone)s of %(known)s users of the directory is not in it any more. That is more than "
        "%(limit)s %%, so nobody was removed.",
        "%(gone)s of %(known)s users of the directory are not in it any more. That is more than "
        "%(limit)s %%, so nobody was removed.",
        result["gone"],
    )
    return text % {name: number(result[name]) for name in ("gone", "known", "limit")}


def _faulty(count: int) -> str:
    text = ngettext(
        "%(count)s entry is not as it must be, and was left out.",
        "%(count)s faults were found in entries; those entries were left out.",
        count,
    )
    return text % {"count": number(count)}
