"""What people and agents ask of the engine."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from prg_admin.audit.models import Action as Noted
from prg_admin.audit.models import Kind
from prg_admin.audit.services import record as note
from prg_admin.domain.limitations import Limitation, refusal
from prg_admin.domain.replay import Case
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import SERVING, Role
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wire import CallIn, CallInKind
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pairs
from prg_admin.lib.actor import Actor
from prg_admin.lib.enqueue import enqueue
from prg_admin.recovery.cycle import settings_of
from prg_admin.recovery.record import record
from prg_admin.topology.models import Node, NodeReport


def action_request(
    *,
    group_id: int,
    action: Action,
    index: int | None,
    actor: Actor,
    now: datetime,
    comment: str = "",
    powered_off: tuple[int, ...] = (),
) -> Limitation | None:
    """Records what was asked, or returns why it is not possible. The engine carries it out.

    ``index`` is the node's place in the group, 0 or 1; None where the action is about the group.
    ``powered_off`` are the places of nodes of which the actor states that they are powered off.
    Raises ``PresenceRedundancyGroup.DoesNotExist``.
    """
    with transaction.atomic():
        group = PresenceRedundancyGroup.objects.select_for_update().get(pk=group_id)
        loaded = load_pairs([group_id])[group_id]
        settings = settings_of(loaded)
        request = Request(action, index, powered_off)
        refused = refusal(loaded.pair, request, settings=settings)
        if refused is not None:
            return refused
        case = Case(loaded.pair, settings, now, request=request)
        decision = case.decided()
        if not decision.changed:
            return Limitation.IN_TRANSITION
        record(loaded, case, decision, actor=actor.name, comment=comment)
        node = None if index is None else loaded.pair.nodes[index].name
        stated = [loaded.pair.nodes[i].name for i in powered_off]
        _note(actor, action, node=node, group=group.name, comment=comment, powered_off=stated)
        enqueue("recovery.evaluate", group_id=group_id)
    return None


def settings_of_group(group_id: int) -> RecoverySettings:
    return settings_of(load_pairs([group_id])[group_id])


NOTED = {
    Action.FAILOVER: Noted.FAILOVER,
    Action.FALLBACK: Noted.FALLBACK,
    Action.RECOVER: Noted.RECOVER,
    Action.ACKNOWLEDGE: Noted.ACKNOWLEDGED,
    Action.POWERED_OFF: Noted.ACKNOWLEDGED,
}


def _note(
    actor: Actor,
    action: Action,
    *,
    node: str | None,
    group: str,
    comment: str,
    powered_off: list[str],
) -> None:
    """What becomes of the request is told by the events of the group."""
    stated = powered_off or ([node] if node and action is Action.POWERED_OFF else [])
    said = {"comment": comment, "powered_off": ", ".join(stated)}
    note(
        actor=actor,
        action=NOTED[action],
        kind=Kind.NODE if node else Kind.GROUP,
        name=node or group,
        after={"group": group, **{key: value for key, value in said.items() if value}},
    )


class CallInAnswer(StrEnum):
    NOTED = "noted"
    RENEWED = "renewed"
    """The node was noted as alive: its right to serve is renewed."""
    GIVEN_AWAY = "given-away"
    """Its users have been given to its peer: nothing is renewed."""
    UNKNOWN = "unknown"
    """No such node, or a wrong key."""


def call_in(*, call: CallIn, key: str, now: datetime) -> CallInAnswer:
    """Takes an agent's note. What happened is then asked of the agent itself."""
    node = Node.objects.filter(name=call.node).exclude(key_hash="").first()
    given = hashlib.sha256(key.encode()).hexdigest()
    if node is None or not hmac.compare_digest(node.key_hash, given):
        return CallInAnswer.UNKNOWN
    if not _is_known_boot(node, call.boot_id):
        # A restart, or a second machine: the probe that follows tells which.
        NodeReport.objects.filter(node=node).update(claimed_boot=call.boot_id)
    elif call.kind is CallInKind.ALIVE:
        return _note_alive(node, now)
    elif call.kind is CallInKind.GOODBYE:
        NodeReport.objects.filter(node=node).update(goodbye_boot=call.boot_id)
    member = Member.objects.filter(node=node).first()
    if member is None:
        enqueue("recovery.look", node_id=node.pk)
    else:
        enqueue("recovery.evaluate", group_id=member.group_id)
    return CallInAnswer.NOTED


def _is_known_boot(node: Node, boot_id: str) -> bool:
    report = NodeReport.objects.filter(node=node).first()
    if report is None:
        NodeReport.objects.get_or_create(node=node)
        return False
    return report.document is not None and report.document.get("boot_id") == boot_id


@transaction.atomic
def _note_alive(node: Node, now: datetime) -> CallInAnswer:
    """Under the group's lock: either a take-over sees this note, or this sees the take-over."""
    group_id = Member.objects.filter(node=node).values_list("group_id", flat=True).first()
    if group_id is not None:
        PresenceRedundancyGroup.objects.select_for_update().get(pk=group_id)
        ordered = Member.objects.values_list("ordered", flat=True).get(node=node)
        if Role(ordered) not in SERVING:
            return CallInAnswer.GIVEN_AWAY
    NodeReport.objects.update_or_create(node=node, defaults={"heard_at": now})
    return CallInAnswer.RENEWED
