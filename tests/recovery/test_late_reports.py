"""Of two answers of one boot the later one stays, whoever writes it down last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prg_admin.domain.ticks import tag_of, ticks_of
from prg_admin.domain.wire import Report
from prg_admin.groups.pairs import load_pair
from prg_admin.recovery import reports
from prg_admin.recovery.known import load_known
from prg_admin.recovery.reports import keep_answers, keep_ticks
from prg_admin.topology.agents import Answer
from prg_admin.topology.models import NodeReport
from tests.recovery.agents import SimPair, at, create_sim_pair
from tests.recovery.threads import until_it_waits, workers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair(transactional_db: None, broker) -> SimPair:
    pair = create_sim_pair()
    pair.run(1)
    return pair


def report_of_a(pair: SimPair) -> Report:
    answer = pair.answer("a")
    assert answer.report is not None
    return answer.report


def keep(pair: SimPair, report: Report, clock: float = 200.0) -> None:
    row, view = NodeReport.objects.get(node__name="a"), load_pair(pair.group_id).nodes[0]
    keep_answers([(row.pk, view, Answer(report, "", 1.0, tag_of(report)))], now=at(clock))


def kept() -> tuple[int, int]:
    row = NodeReport.objects.get(node__name="a")
    assert row.report is not None
    return row.report.seq, row.report.sessions


def write_side_by_side(pair: SimPair, older: Report, newer: Report, monkeypatch: Any) -> None:
    """The writer of the newer one holds the row; the older one's waits for it, and is last."""
    lock = reports._lock
    with workers(1) as begin:
        waiting: list[Any] = []

        def lock_first(node_ids):
            found = lock(node_ids)
            if not waiting:
                monkeypatch.setattr(reports, "_lock", lock)
                waiting.append(begin(keep, pair, older, 201.0))
                until_it_waits()
            return found

        monkeypatch.setattr(reports, "_lock", lock_first)
        keep(pair, newer)
        waiting[0].result(30)


def test_a_late_report_does_not_replace_a_newer_one(pair: SimPair, monkeypatch):
    older = report_of_a(pair)
    newer = replace(report_of_a(pair), sessions=7)
    write_side_by_side(pair, older, newer, monkeypatch)
    assert kept() == (newer.seq, 7)


def test_the_judge_of_late_reports_would_see_one(pair: SimPair, monkeypatch):
    """Seeded bug: nobody looks at the numbers. Then the older one stays."""
    older = report_of_a(pair)
    newer = replace(report_of_a(pair), sessions=7)
    monkeypatch.setattr(reports, "_is_outdated", lambda report, latest: False)
    write_side_by_side(pair, older, newer, monkeypatch)
    assert kept() == (older.seq, 0)


def test_the_next_boot_begins_to_count_anew(pair: SimPair):
    keep(pair, replace(report_of_a(pair), seq=1, boot_id="next", sessions=3))
    assert kept() == (1, 3)


def test_late_ticks_do_not_replace_a_newer_report(pair: SimPair):
    older = report_of_a(pair)
    keep(pair, older)
    (unit,) = load_known([NodeReport.objects.get(node__name="a").pk])
    known = next(one for one in unit if one.name == "a")
    newer = replace(report_of_a(pair), sessions=7)
    keep(pair, newer)
    late = Answer(None, "", 1.0, known.tag or "", str(ticks_of(replace(older, sessions=1))))
    keep_ticks([(known, late)], now=at(201))
    assert kept() == (newer.seq, 7)


def test_a_late_report_does_not_replace_newer_ticks(pair: SimPair):
    first = report_of_a(pair)
    keep(pair, first)
    older, newer = report_of_a(pair), replace(report_of_a(pair), sessions=9)
    (unit,) = load_known([NodeReport.objects.get(node__name="a").pk])
    known = next(one for one in unit if one.name == "a")
    keep_ticks([(known, Answer(None, "", 1.0, known.tag or "", str(ticks_of(newer))))], now=at(201))
    keep(pair, older)
    assert kept() == (newer.seq, 9)
