"""The links between the nodes of a cluster: what is known of them, and their measure on request.

A cluster that spans a WAN needs 10 Mbps and at most 80 ms (domain facts 10). The round trip comes
with every heartbeat; the bandwidth is measured only when somebody asks, one link at a time, because
a measure fills the link for a moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from prg_admin.domain.checkups import LINK_PAUSE_S, LinkCount, is_enough
from prg_admin.domain.wire import PeerAddress
from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce
from prg_admin.topology.agents import AgentError, Target
from prg_admin.topology.asking import MEASURE_TIMEOUT, measure_link
from prg_admin.topology.models import Cluster, LinkMeasure, Node
from prg_admin.topology.selectors import last_report

logger = logging.getLogger(__name__)
TASK = "topology.measure_links"
Pair = tuple[int, int]
"""Primary keys of the sending and the receiving node."""


@dataclass(frozen=True, slots=True)
class LinkStatus:
    source: Node
    target: Node
    rtt_ms: float | None
    """Of the latest heartbeat between a pair, else as measured."""
    by_heartbeat: bool
    mbps: float | None
    measured_at: datetime | None
    error: str
    is_under_way: bool

    @property
    def is_enough(self) -> bool | None:
        return is_enough(mbps=self.mbps, rtt_ms=self.rtt_ms)


def links_of(nodes: Sequence[Node]) -> list[tuple[Node, Node]]:
    """The pairs of every group, and the database publisher with everybody else."""
    by_name = {node.name: node for node in nodes}
    found: dict[frozenset[int], tuple[Node, Node]] = {}
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        try:
            groups.setdefault(node.member.group_id, []).append(node)
        except ObjectDoesNotExist:
            continue
    pairs = [members for members in groups.values() if len(members) > 1]
    for first, second in (sorted(p, key=lambda n: n.member.position)[:2] for p in pairs):
        found[frozenset((first.pk, second.pk))] = (first, second)
    for node in nodes:
        publisher = by_name.get(node.publisher)
        if publisher is not None and publisher.pk != node.pk:
            found.setdefault(frozenset((publisher.pk, node.pk)), (publisher, node))
    return list(found.values())


def link_statuses(nodes: Sequence[Node], *, now: datetime) -> list[LinkStatus]:
    """One query; ``nodes`` come with their last reports and groups."""
    measures = LinkMeasure.objects.filter(source__in=nodes, target__in=nodes)
    known = {(m.source_id, m.target_id): m for m in measures}
    return [
        _status(source, target, known.get((source.pk, target.pk)), now)
        for source, target in links_of(nodes)
    ]


def _status(source: Node, target: Node, known: LinkMeasure | None, now: datetime) -> LinkStatus:
    beat = _heartbeat_rtt(source, target)
    measured = known.rtt_ms if known else None
    return LinkStatus(
        source=source,
        target=target,
        rtt_ms=measured if beat is None else beat,
        by_heartbeat=beat is not None,
        mbps=known.mbps if known else None,
        measured_at=known.measured_at if known else None,
        error=known.error if known else "",
        is_under_way=bool(known and known.is_under_way(now)),
    )


def _heartbeat_rtt(source: Node, target: Node) -> float | None:
    stored = last_report(source)
    report = stored.report if stored and stored.reachable else None
    if report is None or report.peer is None or report.peer.name != target.name:
        return None
    return None if report.peer.error else report.peer.rtt_ms


@transaction.atomic
def links_measure(*, cluster: Cluster, nodes: Sequence[Node], now: datetime) -> int:
    """Has every link of the cluster measured, one after the other; how many. 0: not now."""
    Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)
    measures = LinkMeasure.objects.filter(source__cluster=cluster)
    if any(measure.is_under_way(now) for measure in measures):
        return 0
    pairs = [(source.pk, target.pk) for source, target in links_of(nodes)]
    LinkMeasure.objects.bulk_create(
        [LinkMeasure(source_id=a, target_id=b, asked_at=now) for a, b in pairs],
        update_conflicts=True,
        unique_fields=["source", "target"],
        update_fields=["asked_at"],
    )
    if pairs:
        enqueue(TASK, pairs=pairs)
        announce(f"links-{cluster.pk}")
    return len(pairs)


def next_link_measure(*, pairs: Sequence[Pair], now: datetime) -> None:
    """Measures the first of the pairs and leaves the others to further tasks.

    Safe to run twice: the second time an agent may refuse, because it has measured lately.
    """
    (source_id, target_id), *rest = pairs
    nodes = Node.objects.in_bulk([source_id, target_id])
    if len(nodes) == 2:  # noqa: PLR2004 - else one was deleted meanwhile
        _measure(nodes[source_id], nodes[target_id], now)
    if rest:
        enqueue(TASK, countdown=LINK_PAUSE_S + 0.5, pairs=[list(pair) for pair in rest])


def _measure(source: Node, target: Node, now: datetime) -> None:
    where = Target(source.name, source.address, source.port, MEASURE_TIMEOUT)
    to = PeerAddress(target.name, target.address, target.port)
    count: LinkCount | None = None
    error = ""
    try:
        count = measure_link(where, to)
    except AgentError as failed:
        error = (failed.detail or failed.kind) if failed.kind == "link-failed" else failed.kind
        logger.warning("link from %s to %s not measured: %s", source.name, target.name, failed)
    fields: dict[str, object] = {"measured_at": now, "error": error[:64]}
    if count is not None:
        fields |= {"mbps": count.mbps, "rtt_ms": count.rtt_ms}
    LinkMeasure.objects.filter(source=source, target=target).update(**fields)
    announce(f"links-{source.cluster_id}")


def as_pairs(given: Iterable[Sequence[int]]) -> list[Pair]:
    return [(int(a), int(b)) for a, b in given]
