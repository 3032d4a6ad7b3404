"""From rows to the frozen values the pair machine works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.timing import RecoverySettings
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.topology.models import Node, NodeReport


@dataclass(frozen=True, slots=True)
class LoadedPair:
    """A pair with what is needed to write it back."""

    group_id: int
    cluster_id: int
    version: int
    node_ids: tuple[int, ...]
    pair: Pair
    running_settings: RecoverySettings | None = None
    """The parameters a running recovery began with."""
    tags: tuple[str, ...] = ()
    """Of the reports, by node."""


def load_pairs(group_ids: Iterable[int]) -> dict[int, LoadedPair]:
    """The groups by id, in two queries whatever their number."""
    groups = PresenceRedundancyGroup.objects.in_bulk(list(group_ids))
    members: dict[int, list[Member]] = {pk: [] for pk in groups}
    rows = Member.objects.filter(group_id__in=groups).select_related("node__last_report")
    for member in rows.order_by("position"):
        members[member.group_id].append(member)
    return {pk: loaded_pair(group, members[pk]) for pk, group in groups.items()}


def draft_pair(nodes: Sequence[Node], group: PresenceRedundancyGroup | None) -> Pair:
    """The pair as it would be with these nodes; those of the group keep where they stand."""
    members = {m.node_id: m for m in group.members.all()} if group else {}
    views = []
    for node in nodes:
        member = members.get(node.pk) or Member(ordered_epoch=node.epoch)
        member.node = node
        views.append(_view(member))
    epoch = max([view.ordered_epoch for view in views], default=1)
    return Pair(
        group=group.name if group else "",
        ha_enabled=bool(group and group.ha_enabled),
        epoch=max(epoch, group.epoch if group else 1),
        nodes=tuple(views),
    )


def load_pair(group_id: int) -> Pair:
    """Raises ``PresenceRedundancyGroup.DoesNotExist``."""
    loaded = load_pairs([group_id]).get(group_id)
    if loaded is None:
        raise PresenceRedundancyGroup.DoesNotExist(f"group {group_id}")
    return loaded.pair


def pair_of(group: PresenceRedundancyGroup, members: list[Member]) -> Pair:
    """Of rows that are loaded: members by position, with ``node__last_report``."""
    return loaded_pair(group, members).pair


def loaded_pair(group: PresenceRedundancyGroup, members: list[Member]) -> LoadedPair:
    """The same, with what the group's row holds besides."""
    pair = Pair(
        group=group.name,
        ha_enabled=group.ha_enabled,
        epoch=group.epoch,
        nodes=tuple(_view(member) for member in members),
        automatic_failovers=tuple(map(datetime.fromisoformat, group.automatic_failovers)),
    )
    node_ids = tuple(member.node_id for member in members)
    running = _running_settings(group)
    tags = tuple(last.tag if (last := _last(m.node)) else "" for m in members)
    return LoadedPair(group.pk, group.cluster_id, group.version, node_ids, pair, running, tags)


def _last(node: Node) -> NodeReport | None:
    return node.last_report if hasattr(node, "last_report") else None


def _running_settings(group: PresenceRedundancyGroup) -> RecoverySettings | None:
    """Of another release's settings, those that are still known: an update stops no recovery."""
    stored = group.running_settings
    if not stored:
        return None
    known = {field.name for field in fields(RecoverySettings)}
    return RecoverySettings(**{name: stored[name] for name in known & stored.keys()})


def _view(member: Member) -> NodeView:
    node = member.node
    last = _last(node) or NodeReport(node=node)
    report = last.report
    return NodeView(
        name=node.name,
        host=node.address,
        port=node.port,
        state=NodeState(member.state),
        reason=Reason(member.reason),
        since=member.state_since_at,
        target=Role(member.target),
        ordered=Role(member.ordered),
        ordered_epoch=member.ordered_epoch,
        heard_at=last.heard_at,
        last_report=report,
        reachable=last.reachable,
        error=last.error,
        boot_id=member.boot_id,
        goodbye=report is not None and report.boot_id == last.goodbye_boot,
        under_way=last.orders_under_way,
        stated_off_at=member.stated_off_at,
    )
