"""Creating, changing and deleting groups: one transaction each, all guards inside it.

Rows are locked in one order everywhere, so that no two savers wait for one another:
group, then nodes by key, then clusters by key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.group_rules import GroupDraft, validate_group, validate_group_deletion
from prg_admin.domain.problems import Problem
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.selectors import (
    current_group,
    group_context,
    members_of,
    users_of_groups,
)
from prg_admin.lib.actor import Actor
from prg_admin.lib.enqueue import enqueue
from prg_admin.lib.statements import Prepared, rows_of
from prg_admin.live.news import announce
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import for_facts

logger = logging.getLogger(__name__)
T = TypeVar("T")

MEMBER_NAMES = """
    select array_agg(node.name order by position) from groups_member
    join topology_node node on node.id = node_id
    where group_id = groups_presenceredundancygroup.id
"""
LOCK_CLUSTERS = "select from topology_cluster where id = any(%s) order by id for no key update"


@dataclass(frozen=True, slots=True)
class Saved:
    group: PresenceRedundancyGroup


@dataclass(frozen=True, slots=True)
class Deleted:
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a form that differs from what is stored by now."""

    field: str
    yours: str | bool
    stored: str | bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved in between; nothing was written."""

    revision: int
    differences: tuple[Difference, ...]


Outcome = Saved | Refused | Conflict


def group_problems(
    draft: GroupDraft, group: PresenceRedundancyGroup | None, *, now: datetime
) -> list[Problem]:
    """What saving would be refused for now; the form asks as one types."""
    return validate_group(draft, group_context(draft, group, now=now))


def group_create(*, draft: GroupDraft, actor: Actor, now: datetime) -> Saved | Refused:
    def attempt() -> Saved | Refused:
        nodes = _lock(draft.servers)
        problems = group_problems(draft, None, now=now)
        if problems:
            return Refused(problems)
        group = PresenceRedundancyGroup(cluster=nodes[draft.servers[0]].cluster)
        _write(group, draft)
        group.save(force_insert=True)
        _set_members(group, [nodes[name] for name in draft.servers])
        _tell(group, nodes.values())
        after = _values(group, (draft.server1, draft.server2))
        _note(group.name, actor, Action.ADDED, after=after)
        logger.info("group %s created by %s", group.name, actor.name)
        return Saved(group)

    return _once_more(attempt)


def group_update(
    *, group_id: int, draft: GroupDraft, revision: int, actor: Actor, now: datetime
) -> Saved | Refused | Conflict:
    """``revision`` is the one the form was made from.

    Raises ``PresenceRedundancyGroup.DoesNotExist`` when somebody deleted the group.
    """

    def attempt() -> Saved | Refused | Conflict:
        group = _locked_group(group_id)
        if group.revision != revision:
            return Conflict(group.revision, _differences(draft, group))
        before = current_group(group, draft)
        servers = (before.server1, before.server2)
        nodes = _lock({*draft.servers, *(name for name in servers if name)})
        moved = servers != (draft.server1 or None, draft.server2 or None)
        # Who waited for the lock was shown users and groups as they were before: of nodes that
        # come and go they are read again.
        known = None if moved else nodes.values()
        context = group_context(draft, group, now=now, current=before, nodes=known)
        problems = validate_group(draft, context)
        if problems:
            return Refused(problems)
        was = _values(group, servers)
        is_switched = group.ha_enabled != draft.ha_enabled
        _change(group, draft, moved=moved, nodes=nodes)
        left = [nodes[n] for n in servers if n and n not in draft.servers]
        # A new name or description is nothing to the engine.
        _tell(group, nodes.values(), left=left, is_for_engine=moved or is_switched)
        after = _values(group, (draft.server1, draft.server2))
        _note(group.name, actor, Action.CHANGED, before=was, after=after)
        logger.info("group %s changed by %s", group.name, actor.name)
        return Saved(group)

    return _once_more(attempt)


def deletion_problems(
    groups: Iterable[PresenceRedundancyGroup], users: Mapping[int, Mapping[str, int]]
) -> list[Problem]:
    """What deletion would be refused for now; who is asked reads it. ``users``: of each group."""
    return [
        problem
        for group in groups
        for problem in validate_group_deletion(group.name, users[group.pk], ha=group.ha_enabled)
    ]


@transaction.atomic
def group_delete(*, group_id: int, actor: Actor) -> Deleted | Refused:
    """Refused while High Availability is on or a node has assigned users."""
    group = _locked_group(group_id)
    current = current_group(group)
    nodes = _lock(name for name in (current.server1, current.server2) if name)
    problems = deletion_problems([group], users_of_groups([group]))
    if problems:
        return Refused(problems)
    _release(group.members.select_related("node"))
    _tell(group, nodes.values(), left=nodes.values())
    before = _values(group, (current.server1, current.server2))
    _note(group.name, actor, Action.DELETED, before=before)
    group.delete()
    logger.info("group %s deleted by %s", current.name, actor.name)
    return Deleted(current.name)


def _change(
    group: PresenceRedundancyGroup, draft: GroupDraft, *, moved: bool, nodes: dict[str, Node]
) -> None:
    if moved or group.ha_enabled != draft.ha_enabled:
        # A decision of the engine made from the old configuration must not be recorded any more.
        group.version += 1
    _write(group, draft)
    group.cluster = nodes[draft.servers[0]].cluster
    group.revision += 1
    group.save(
        update_fields=["name", "description", "ha_enabled", "cluster", "revision", "version"]
    )
    if moved:
        _set_members(group, [nodes[name] for name in draft.servers])


def _once_more(attempt: Callable[[], T]) -> T:
    """A constraint that another saver won tells nothing; asked again, the validator sees them."""
    try:
        with transaction.atomic():
            return attempt()
    except IntegrityError:
        with transaction.atomic():
            return attempt()


def _locked_group(group_id: int) -> PresenceRedundancyGroup:
    found = GROUP_TO_CHANGE(group_id)
    if not found:
        raise PresenceRedundancyGroup.DoesNotExist(f"group {group_id}")
    return found[0]


def _group_to_change(pk: int) -> QuerySet[PresenceRedundancyGroup]:
    """With the names of its members, as they were before any wait for the lock.

    Whoever changes the members changes the revision too: who waited finds another one.
    """
    names = RawSQL(MEMBER_NAMES, ())  # noqa: S611 - a fixed text
    groups = PresenceRedundancyGroup.objects.select_related("cluster").annotate(member_names=names)
    return groups.select_for_update(of=("self",)).filter(pk=pk)


def _nodes_to_change(names: list[str]) -> QuerySet[Node]:
    nodes = for_facts(Node.objects.select_for_update(of=("self",), no_key=True))
    named = RawSQL("topology_node.name = any(%s)", (names,), BooleanField())
    return nodes.filter(named).order_by("pk")


GROUP_TO_CHANGE = Prepared(_group_to_change, int)
NODES_TO_CHANGE = Prepared(_nodes_to_change, list)


def _lock(names: Iterable[str]) -> dict[str, Node]:
    """Nodes by name, locked with their clusters: free nodes and group counts stand still."""
    found = NODES_TO_CHANGE(list(names))
    rows_of(LOCK_CLUSTERS, list({node.cluster_id for node in found}))
    return {node.name: node for node in found}


def _write(group: PresenceRedundancyGroup, draft: GroupDraft) -> None:
    group.name = draft.name
    group.description = draft.description
    group.ha_enabled = draft.ha_enabled


def _set_members(group: PresenceRedundancyGroup, nodes: list[Node]) -> None:
    """Members join, leave and change places while High Availability is off.

    A node that joins gets orders newer than all it has seen, and so does one that leaves.
    """
    before = {m.node_id: m for m in group.members.select_related("node")}
    joining = [node for node in nodes if node.pk not in before]
    staying = {node.pk for node in nodes}
    _release(m for m in before.values() if m.node_id not in staying)
    if joining:
        group.epoch = max(group.epoch, *(node.epoch for node in joining)) + 1
        group.save(update_fields=["epoch"])
    # All rows anew: two members that change places would meet at the same position.
    group.members.all().delete()
    for position, node in enumerate(nodes, start=1):
        member = before.get(node.pk) or Member(group=group, node=node, ordered_epoch=group.epoch)
        member.pk = None
        member.position = position
        member.save(force_insert=True)


def _release(members: Iterable[Member]) -> None:
    for member in members:
        Node.objects.filter(pk=member.node_id).update(epoch=member.ordered_epoch + 1)


def _tell(
    group: PresenceRedundancyGroup,
    nodes: Iterable[Node],
    left: Iterable[Node] = (),
    *,
    is_for_engine: bool = True,
) -> None:
    announce("groups", "nodes", f"group-{group.pk}", *(f"node-{node.pk}" for node in nodes))
    if is_for_engine:
        enqueue("recovery.evaluate", group_id=group.pk)
    for node in left:
        enqueue("recovery.look", node_id=node.pk)


def _note(name: str, actor: Actor, action: Action, **values: dict[str, Any]) -> None:
    record(actor=actor, action=action, kind=Kind.GROUP, name=name, **values)


def _values(
    group: PresenceRedundancyGroup, servers: tuple[str | None, str | None]
) -> dict[str, Any]:
    """What the audit log keeps of a group."""
    return {
        "name": group.name,
        "description": group.description,
        "server1": servers[0] or None,
        "server2": servers[1] or None,
        "ha_enabled": group.ha_enabled,
    }


def _differences(draft: GroupDraft, group: PresenceRedundancyGroup) -> tuple[Difference, ...]:
    stored = group_draft(group)
    fields = ("name", "description", "server1", "server2", "ha_enabled")
    both = ((f, getattr(draft, f), getattr(stored, f)) for f in fields)
    return tuple(
        Difference(f, "" if yours is None else yours, "" if now is None else now)
        for f, yours, now in both
        if (yours or None) != (now or None)
    )


def group_draft(group: PresenceRedundancyGroup) -> GroupDraft:
    """The stored group in the form of a draft."""
    servers = {member.position: member.node.name for member in members_of(group)}
    return GroupDraft(
        name=group.name,
        description=group.description,
        server1=servers.get(1),
        server2=servers.get(2),
        ha_enabled=group.ha_enabled,
    )
