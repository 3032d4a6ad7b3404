"""A certificate in numbers, as it is kept and as every door shows it."""

from __future__ import annotations

from typing import Any

from prg_admin.domain.movements import Count, Proof, Sessions, Verdict
from prg_admin.recovery.models import Event

MOST_NAMED = 100
"""Of those with whom something is wrong; their number is always whole."""


def proof_document(proof: Proof, *, is_late: bool) -> dict[str, Any]:
    verdict = Verdict.EQUAL if proof.is_equal else Verdict.DIFFERENT
    if is_late and proof.is_equal:
        verdict = Verdict.TOO_LATE
    return {
        "verdict": verdict.value,
        "before": _count(proof.before),
        "after": _count(proof.after),
        **{
            name: {"users": len(of), "first": list(of[:MOST_NAMED])}
            for name, of in (
                ("lost", proof.lost),
                ("added", proof.added),
                ("rehomed", proof.rehomed),
                ("twice", proof.twice),
            )
        },
    }


def _count(count: Count) -> dict[str, Any]:
    return {"users": count.users, "sha256": count.digest}


def sessions_document(sessions: Sessions) -> dict[str, Any]:
    doubled = sessions.on_two_nodes
    return {
        "before": sessions.before,
        "after": sessions.after,
        "users_before": sessions.users_before,
        "back": sessions.back,
        "on_two_nodes": {"users": len(doubled), "first": list(doubled[:MOST_NAMED])},
    }


def reported(event: Event) -> dict[str, Any]:
    """What each node had said itself when the engine decided: whom it served, and how many."""
    try:
        nodes = (event.recording or {})["case"]["pair"]["nodes"]
    except KeyError:
        return {}
    said = {node["name"]: node.get("last_report") for node in nodes if node.get("reachable")}
    return {
        name: {"serving": report["serving"], "sessions": report["sessions"]}
        for name, report in said.items()
        if report
    }
