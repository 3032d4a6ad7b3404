"""The value of replication, row by row."""

from __future__ import annotations

import dataclasses

import pytest

from prg_admin.domain.replication import (
    MESSAGE_LIMIT_S,
    Cause,
    Observation,
    Publishing,
    Replication,
    TableState,
    assess,
    assess_publisher,
    is_good,
    read_detail,
    unreadable,
)

READY = (("node", TableState.READY), ("user", TableState.READY))
HEALTHY = Observation(
    subscribed=True, tables=READY, expected_tables=2, message_age_s=1.0, same_content=True
)


def seen(**changes: object) -> Observation:
    return dataclasses.replace(HEALTHY, **changes)


def one_table(state: TableState) -> tuple[tuple[str, TableState], ...]:
    return (("node", TableState.READY), ("user", state))


@pytest.mark.parametrize(
    ("observation", "value", "detail"),
    [
        (HEALTHY, 2, "equal: 2"),
        (seen(same_content=None), 2, "streaming: 2"),
        (seen(expected_tables=None), 2, "equal: 2"),
        (seen(errors=7), 2, "equal: 2"),
        (seen(errors=7, errors_before=7), 2, "equal: 2"),
        (seen(message_age_s=None), 2, "equal: 2"),
        (seen(worker_is_new=True), 2, "equal: 2"),
        (seen(was_failed=True), 2, "equal: 2"),
        (seen(subscribed=False), 0, "no-subscription"),
        (seen(tables=one_table(TableState.INITIALIZE)), 0, "copying: user"),
        (seen(tables=one_table(TableState.DATA)), 0, "copying: user"),
        (seen(enabled=False, worker=False), 1, "disabled"),
        (seen(tables=READY[:1]), 1, "tables-missing: 1/2"),
        (seen(tables=(), expected_tables=None), 1, "tables-missing: 0/1"),
        (seen(tables=one_table(TableState.FINISHED)), 1, "catching-up: user"),
        (seen(tables=one_table(TableState.SYNCHRONIZED)), 1, "catching-up: user"),
        (seen(same_content=False), 3, "different"),
        (seen(subscribed=False, was_subscribed=True), 4, "dropped"),
        (seen(worker=False), 4, "no-worker"),
        (seen(errors=8, errors_before=7), 4, "errors"),
        (seen(was_failed=True, worker_is_new=True), 4, "retrying"),
        (seen(was_failed=True, tables=one_table(TableState.DATA)), 4, "retrying"),
        (seen(publisher_answers=False), 4, "publisher-silent"),
        (seen(message_age_s=MESSAGE_LIMIT_S + 1), 4, "silent"),
    ],
)
def test_a_subscriber(observation: Observation, value: int, detail: str):
    found = assess(observation)
    assert (found.value, found.detail) == (value, detail)


@pytest.mark.parametrize(
    ("publishing", "value", "detail"),
    [
        (Publishing(publications=1, tables=2), 2, "publishes: 2"),
        (Publishing(publications=0, tables=0), 0, "no-publication"),
        (Publishing(publications=1, tables=0), 1, "nothing-published"),
        (Publishing(publications=0, tables=0, was_publishing=True), 4, "dropped"),
    ],
)
def test_a_publisher(publishing: Publishing, value: int, detail: str):
    found = assess_publisher(publishing)
    assert (found.value, found.detail) == (value, detail)


def test_a_silent_publisher_outweighs_contents_that_were_different():
    assert assess(seen(publisher_answers=False, same_content=False)).value is Replication.FAILED


def test_only_two_is_good():
    assert [is_good(value) for value in (None, 0, 1, 2, 3, 4)] == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("cause", Cause)
def test_a_detail_is_read_back(cause: Cause):
    assert read_detail(cause.value) == (cause, "")
    assert read_detail(f"{cause}: a: b") == (cause, "a: b")


def test_a_foreign_detail_is_all_text():
    assert read_detail("who knows: what") == (None, "who knows: what")


def test_an_error_becomes_one_short_line():
    found = unreadable(Cause.NO_ANSWER, "connection failed:\n  FATAL: " + "x" * 500)
    assert found.value is None
    assert found.detail.startswith("no-answer: connection failed: FATAL: xxx")
    assert len(found.detail) < 250
