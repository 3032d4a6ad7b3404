"""Which changes raise an alarm (domain facts 3.13): what the engine does by itself, never a person.

The original names no alarm for a failover that was asked for, a fallback or the return to normal.
"""

from __future__ import annotations

from datetime import datetime

from prg_admin.domain.pair import Decision
from prg_admin.domain.replay import Case
from prg_admin.domain.states import NodeState
from prg_admin.notify.models import Name
from prg_admin.notify.services import alarm_raise
from prg_admin.recovery.models import Breach, Event


def raise_for(event: Event, case: Case, decision: Decision) -> None:
    """In the transaction of the event."""
    if case.request is None and _begins(case, decision, NodeState.TAKING_OVER):
        _raise(Name.SRM_FAILOVER, event, case, **_movement(decision))
    elif _begins(case, decision, NodeState.FAILED):
        reason = next(n.reason for n in decision.pair.nodes if n.state is NodeState.FAILED)
        _raise(Name.SRM_FAILED, event, case, Reason=reason.value)


def _begins(case: Case, decision: Decision, state: NodeState) -> bool:
    before = {node.state for node in case.pair.nodes}
    return state not in before and state in {node.state for node in decision.pair.nodes}


def _movement(decision: Decision) -> dict[str, str]:
    first, second = decision.pair.nodes
    taker, giver = (first, second) if first.state is NodeState.TAKING_OVER else (second, first)
    return {"FromNode": giver.name, "ToNode": taker.name, "Reason": giver.reason.value}


def _raise(name: Name, event: Event, case: Case, **parameters: str) -> None:
    alarm_raise(
        key=f"event-{event.pk}",
        name=name,
        at=case.now,
        parameters={**parameters, "Group": case.pair.group, "Event": event.pk},
    )


def raise_for_rival(*, node: str, boot_id: str, at: datetime) -> None:
    """Once for each start of the second machine."""
    alarm_raise(key=f"rival-{boot_id}", name=Name.DUPLICATE_NODE, at=at, parameters={"Node": node})


def raise_for_breach(breach: Breach) -> None:
    about = f"event-{breach.event_id}" if breach.event_id else f"group-{breach.group_id}"
    alarm_raise(
        key=f"{breach.invariant}-{about}",
        name=Name.INVARIANT_BROKEN,
        at=breach.found_at,
        parameters={"Invariant": breach.invariant, "Group": breach.group_name},
    )
