"""``utils ha``: the layout of the original's commands (domain facts 8.1), and the same as JSON."""

from __future__ import annotations

from typing import Any

from prg_admin.domain.states import NodeState, Reason
from prg_admin.groups.models import Member, PresenceRedundancyGroup


def groups_named(name: str | None) -> list[PresenceRedundancyGroup]:
    """One group by its name without regard to case, or all for None; members come along."""
    groups = PresenceRedundancyGroup.objects.prefetch_related("members__node")
    return list(groups.all() if name is None else groups.filter(name__iexact=name))


def status_text(group: PresenceRedundancyGroup) -> str:
    members = (
        f"Node {member.position} Name : {member.node.name} {_state(member)}"
        for member in group.members.all()
    )
    return "\n".join([f"Subcluster Name: {group.name}", *members])


def _state(member: Member) -> str:
    state, reason = NodeState(member.state), Reason(member.reason)
    # The original names no reason where there is nothing to say.
    told = "" if state is NodeState.NORMAL else f" Reason: {reason.label}"
    return f"State: {state.label}{told}"


def status_document(group: PresenceRedundancyGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "ha_enabled": group.ha_enabled,
        "nodes": [
            {
                "position": member.position,
                "name": member.node.name,
                "state": member.state,
                "state_label": NodeState(member.state).label,
                "reason": member.reason,
                "reason_label": Reason(member.reason).label,
                "since": member.state_since_at.isoformat() if member.state_since_at else None,
            }
            for member in group.members.all()
        ],
    }
