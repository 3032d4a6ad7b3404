"""What a certificate says, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.certificates.models import Certificate
from prg_admin.domain import movements
from prg_admin.domain.movements import Verdict, Way

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WAYS: dict[str, _StrPromise] = {
    "": gettext_lazy("Under way"),
    Way.FAILOVER: gettext_lazy("Failover"),
    Way.FALLBACK: gettext_lazy("Fallback"),
    Way.LOSS: gettext_lazy("Loss of service"),
}

_VERDICTS: dict[str, tuple[str, _StrPromise]] = {
    Verdict.EQUAL: (
        "success",
        gettext_lazy(
            "The same users before and after: %(users)s of them, none missing, none there twice, "
            "with the same digest."
        ),
    ),
    Verdict.DIFFERENT: (
        "error",
        gettext_lazy(
            "Not the same users before and after. Missing: %(lost)s. New: %(added)s. At home on "
            "another node: %(rehomed)s. There twice: %(twice)s. The audit log says who changed "
            "users meanwhile; the engine changes none."
        ),
    ),
    Verdict.TOO_LATE: (
        "warning",
        gettext_lazy(
            "The same %(users)s users, with the same digest. But those of before were read only "
            "when the movement was over, so this proves nothing about the time of the movement."
        ),
    ),
}


def verdict(summary: dict[str, Any]) -> tuple[str, str]:
    """Tone of a status line, and its text."""
    proof = summary["proof"]
    tone, text = _VERDICTS[proof["verdict"]]
    counts = {name: f"{proof[name]['users']:,}" for name in ("lost", "added", "rehomed", "twice")}
    return tone, str(text % {**counts, "users": f"{proof['before']['users']:,}"})


def sessions_words(certificate: Certificate) -> list[tuple[str, str]]:
    """What became of the sessions, as far as it is known; tones and texts."""
    sessions = (certificate.summary or {}).get("sessions")
    if sessions is None:
        return [("info", _("Sessions afterwards have not been looked at yet."))]
    found = []
    if sessions["before"] is None:
        text = _(
            "Sessions before are not known of all users: not every node had told who is logged in."
        )
        found.append(("warning", text))
    if sessions["after"] is None:
        text = _(
            "Sessions afterwards are not known of all users: not every node tells who is logged in."
        )
        found.append(("warning", text))
    text = _("Users who had a session before: %(users)s. Of these, logged in again: %(back)s.")
    values = {"users": f"{sessions['users_before']:,}", "back": f"{sessions['back']:,}"}
    tone = "success" if sessions["back"] >= sessions["users_before"] else "info"
    found.append((tone, text % values))
    if sessions["on_two_nodes"]["users"]:
        text = _("Users with sessions on both nodes at the same time: %(users)s.")
        found.append(("error", text % {"users": f"{sessions['on_two_nodes']['users']:,}"}))
    if certificate.settled_at is None:
        found.append(("info", _("Clients still log in again; the sessions are looked at anew.")))
    return found


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node in the certificate; None and empty: not known, or nobody."""

    node: str
    served_before: tuple[str, ...]
    """Home nodes, by the roles that the engine had ordered."""
    served_after: tuple[str, ...]
    reported_before: tuple[str, ...] | None
    """By the node's own report."""
    reported_after: tuple[str, ...] | None
    sessions_before: int | None
    sessions_after: int | None


def node_rows(certificate: Certificate) -> list[NodeRow]:
    begun, ended = certificate.begun, certificate.ended
    summary = certificate.summary or {}
    before, after = summary.get("reported") or ({}, {})
    was = movements.servers(begun.before)
    now = movements.servers(ended.after) if ended else {}
    return [_node_row(node["node"], was, now, before, after) for node in begun.before]


def _node_row(
    name: str,
    was: movements.Servers,
    now: movements.Servers,
    before: dict[str, Any],
    after: dict[str, Any],
) -> NodeRow:
    said, says = before.get(name), after.get(name)
    return NodeRow(
        node=name,
        served_before=_homes(was, name),
        served_after=_homes(now, name),
        reported_before=tuple(said["serving"]) if said else None,
        reported_after=tuple(says["serving"]) if says else None,
        sessions_before=said["sessions"] if said else None,
        sessions_after=says["sessions"] if says else None,
    )


def _homes(serving: movements.Servers, name: str) -> tuple[str, ...]:
    return tuple(home for home, server in serving.items() if server == name)
