"""Keeps what the nodes said, and says which of it a page would show differently."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from prg_admin.domain.facts import NodeView
from prg_admin.domain.under_way import sent
from prg_admin.domain.wire import DatabaseReport, Goal, Report
from prg_admin.live.news import announce
from prg_admin.recovery.alarms import raise_for_rival
from prg_admin.recovery.known import Known
from prg_admin.topology.agents import Answer
from prg_admin.topology.models import NodeReport

logger = logging.getLogger(__name__)

Heard = tuple[int, NodeView, Answer]
"""Primary key of a node, what was known of it, and what it answered now."""


@transaction.atomic(savepoint=False)
def expect_taken(node_id: int, report: Report | None, goal: Goal) -> None:
    """Before an order is sent: its answer may be lost, and it may arrive at any time after."""
    rows = NodeReport.objects.only("under_way")
    row = rows.select_for_update(no_key=True).get(pk=node_id)
    if report is not None:
        row.under_way = sent(row.orders_under_way, report, goal).to_json()
        row.save(update_fields=["under_way"])


@transaction.atomic(savepoint=False)
def keep_answers(heard: Sequence[Heard], *, now: datetime) -> dict[int, datetime | None]:
    """Three statements for any number of nodes; announces the nodes that changed visibly.

    Returns when each was heard last, which may be later than the caller knew: a call-in may have
    come while a probe timed out.
    """
    heard = sorted(heard, key=lambda item: item[0])
    kept = _lock([pk for pk, _, _ in heard])
    heard = [item for item in heard if not _is_outdated(item[2].report, kept.get(item[0]))]
    answered = [_row(pk, answer, answer.report, now) for pk, _, answer in heard if answer.report]
    NodeReport.objects.bulk_create(
        answered,
        update_conflicts=True,
        unique_fields=["node"],
        update_fields=[
            "heard_at", "reachable", "error", "rtt_ms", "version", "sessions", "document",
            "tag", "ticks", "seq",
        ],
    )  # fmt: skip
    silent = [NodeReport(node_id=pk, error=a.error) for pk, _, a in heard if a.report is None]
    # What a silent node said last, and when, stays as it is: the fence is judged by it.
    NodeReport.objects.bulk_create(
        silent,
        update_conflicts=True,
        unique_fields=["node"],
        update_fields=["reachable", "error"],
    )
    claimed = [row.node_id for row in answered if row.node_id in kept and kept[row.node_id].claimed]
    if claimed:
        _tell_rivals_from_restarts(claimed, now)
    news = [f"node-{pk}" for pk, known, answer in heard if is_news(known, answer)]
    announce(*news, *(["nodes"] if news else []))
    last = {pk: latest.heard_at for pk, latest in kept.items()}
    return last | {row.node_id: now for row in answered}


class Latest(NamedTuple):
    """Of a node as it is kept."""

    boot_id: str | None
    seq: int
    """Of the latest answer."""
    heard_at: datetime | None
    claimed: bool
    """A second boot has called in as this node."""


def _lock(node_ids: Sequence[int]) -> dict[int, Latest]:
    """All rows in one order: two writers that meet each hold the same ones first, so no deadlock.

    The two statements that follow lock in an order of their own, by who answered.
    """
    rows = NodeReport.objects.select_for_update(no_key=True).filter(pk__in=node_ids)
    columns = ("pk", "document__boot_id", "seq", "heard_at", "claimed_boot", "rival_boot")
    return {
        pk: Latest(boot_id, seq, heard_at, bool(claimed or rival))
        for pk, boot_id, seq, heard_at, claimed, rival in rows.order_by("pk").values_list(*columns)
    }


def _is_outdated(report: Report | None, latest: Latest | None) -> bool:
    """Another writer has kept a later answer of the same boot meanwhile."""
    return (
        report is not None
        and latest is not None
        and (report.boot_id == latest.boot_id and report.seq < latest.seq)
    )


_KEEP_TICKS = """
with held as (
    select r.node_id
      from unnest(string_to_array(%(ids)s, ',')::bigint[]) as asked(node_id)
      join topology_nodereport r using (node_id)
     order by r.node_id for no key update of r
)
update topology_nodereport as kept
   set heard_at = greatest(kept.heard_at, %(now)s), reachable = true, error = '',
       rtt_ms = said.rtt_ms, sessions = said.sessions, ticks = said.ticks, seq = said.seq
  from unnest(string_to_array(%(ids)s, ',')::bigint[], string_to_array(%(tags)s, ','),
              string_to_array(%(ticks)s, ','), string_to_array(%(seqs)s, ',')::bigint[],
              string_to_array(%(sessions)s, ',')::int[], string_to_array(%(rtts)s, ',')::float8[])
       as said(node_id, tag, ticks, seq, sessions, rtt_ms)
 where kept.node_id = said.node_id and kept.tag = said.tag and kept.seq < said.seq
   and (select count(*) from held) > 0
"""


def keep_ticks(unchanged: Sequence[tuple[Known, Answer]], *, now: datetime) -> None:
    """One statement for any number of nodes that go on as they did, in the order of all writers.

    Of a node that another writer has heard anew meanwhile nothing is kept.
    """
    if not unchanged:
        return
    said = [answer.ticks.split(" ", 3) for _, answer in unchanged]
    # Joined by commas, which none of them contains: lists would be quoted value by value.
    values: dict[str, str | datetime] = {
        "ids": ",".join([str(known.node_id) for known, _ in unchanged]),
        "tags": ",".join([answer.tag for _, answer in unchanged]),
        "ticks": ",".join([answer.ticks for _, answer in unchanged]),
        "seqs": ",".join([words[0] for words in said]),
        "sessions": ",".join([words[2] for words in said]),
        "rtts": ",".join([f"{answer.rtt_ms:.3f}" for _, answer in unchanged]),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_TICKS, values)
    counted = zip(unchanged, said, strict=True)
    news = [f"node-{k.node_id}" for (k, _), words in counted if k.sessions != int(words[2])]
    announce(*news, *(["nodes"] if news else []))


def _tell_rivals_from_restarts(node_ids: Sequence[int], now: datetime) -> None:
    """An agent that called in under a new boot and now answers has restarted.

    If the known one answers on, two machines claim the node; that is told until the known one is
    replaced or restarted.
    """
    for row in NodeReport.objects.filter(pk__in=node_ids).select_related("node"):
        known = (row.document or {}).get("boot_id", "")
        rival = row.claimed_boot or row.rival_boot
        rival = "" if known == rival else rival
        if rival and rival != row.rival_boot:
            logger.error("two machines claim node %s; the second is ignored", row.node_id)
            raise_for_rival(node=row.node.name, boot_id=rival, at=now)
        NodeReport.objects.filter(pk=row.pk).update(claimed_boot="", rival_boot=rival)
        announce(f"node-{row.pk}", "nodes")


def _row(pk: int, answer: Answer, report: Report, now: datetime) -> NodeReport:
    return NodeReport(
        node_id=pk,
        heard_at=now,
        reachable=True,
        rtt_ms=answer.rtt_ms,
        version=report.version,
        sessions=report.sessions,
        document=report.to_json(),
        tag=answer.tag,
        seq=report.seq,
    )


def is_news(known: NodeView, answer: Answer) -> bool:
    """Whether a page about the node would look different now."""
    if known.reachable != (answer.report is not None) or known.error != answer.error:
        return True
    return answer.report is not None and _visible(known.last_report) != _visible(answer.report)


def _visible(report: Report | None) -> Any:
    if report is None:
        return None
    services = tuple((s.name, s.state, s.pid, s.error, s.activated) for s in report.services)
    peer = report.peer.error if report.peer else None
    return (
        *(report.version, report.role, report.serving, report.sessions, services, peer),
        _visible_database(report.database),
    )


def _visible_database(database: DatabaseReport | None) -> Any:
    if database is None:
        return None
    # What an error says may differ from time to time; it is no news.
    detail = database.detail if database.answers else ""
    return database.answers, database.replication, detail
