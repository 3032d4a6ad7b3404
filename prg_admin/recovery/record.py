"""Writes a decision: the one place that changes a recovery state.

Every writer holds the group's row lock and compares-and-sets its version, so of two that decided
from the same state one gives way. A change is one event row, members and group included.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prg_admin.domain import movements
from prg_admin.domain.facts import NodeView
from prg_admin.domain.pair import Decision, check_invariants
from prg_admin.domain.replay import Case, Recording
from prg_admin.domain.states import TRANSITIONAL
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import LoadedPair
from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce
from prg_admin.recovery import alarms
from prg_admin.recovery.models import Event


class LostRace(Exception):  # noqa: N818 - the outcome of a race, not a fault
    """Another writer changed the group since it was loaded; load again and decide anew."""


def record(
    loaded: LoadedPair, case: Case, decision: Decision, *, actor: str, comment: str = ""
) -> Event:
    """Raises :class:`LostRace`. Call inside a transaction that holds the group's row lock.

    ``case`` is what the decision was made from; it is kept with the event, to be decided again.
    """
    assert decision.rule is not None, "nothing to record"  # noqa: S101
    check_invariants(decision.pair)
    groups = PresenceRedundancyGroup.objects.filter(pk=loaded.group_id, version=loaded.version)
    fields: dict[str, Any] = {"version": loaded.version + 1, "epoch": decision.pair.epoch}
    fields["automatic_failovers"] = [at.isoformat() for at in decision.pair.automatic_failovers]
    # A running recovery keeps the parameters it began with, whatever is saved meanwhile.
    running = any(node.state in TRANSITIONAL for node in decision.pair.nodes)
    fields["running_settings"] = asdict(case.settings) if running else None
    if groups.update(**fields) != 1:
        raise LostRace(f"group {loaded.group_id}")
    changed = [
        (pk, view)
        for pk, was, view in zip(loaded.node_ids, case.pair.nodes, decision.pair.nodes, strict=True)
        if was != view
    ]
    for pk, view in changed:
        _write_member(pk, view)
    announce("groups", f"group-{loaded.group_id}", *(f"node-{pk}" for pk, _ in changed))
    event = Event.objects.create(
        at=case.now,
        group_id=loaded.group_id,
        group_name=case.pair.group,
        rule=decision.rule,
        actor=actor,
        epoch=decision.pair.epoch,
        version=loaded.version + 1,
        before=[_document(view) for view in case.pair.nodes],
        after=[_document(view) for view in decision.pair.nodes],
        values=decision.values or {},
        comment=comment,
        recording=Recording.of(case, decision).to_json(),
    )
    alarms.raise_for(event, case, decision)
    if movements.begins(event.before, event.after) or movements.ends(event.before, event.after):
        # After the commit, and for another worker: what it gathers holds up no recovery.
        enqueue("certificates.note", group_id=loaded.group_id)
    return event


def _write_member(node_id: int, view: NodeView) -> None:
    Member.objects.filter(node_id=node_id).update(
        state=view.state,
        reason=view.reason,
        state_since_at=view.since,
        target=view.target,
        ordered=view.ordered,
        ordered_epoch=view.ordered_epoch,
        boot_id=view.boot_id,
        stated_off_at=view.stated_off_at,
    )


def _document(view: NodeView) -> dict[str, Any]:
    return {
        "node": view.name,
        "state": view.state.value,
        "reason": view.reason.value,
        "target": view.target.value,
        "ordered": view.ordered.value,
    }
