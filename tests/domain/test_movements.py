"""Whom a recovery moved, and the proof that it lost nobody."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prg_admin.domain.movements import (
    Way,
    begins,
    compare_sessions,
    digest,
    ends,
    moved,
    prove,
    servers,
    way_of,
)


def pair(*nodes: str) -> list[dict[str, str]]:
    """``a normal own``: name, state and ordered role."""
    words = (node.split() for node in nodes)
    return [{"node": n, "state": state, "ordered": role} for n, state, role in words]


NORMAL = pair("a normal own", "b normal own")
UNDER_WAY = pair("a failing-over idle", "b taking-over own")
AWAY = pair("a idle idle", "b running-in-backup-mode both")
OWN, AT_B = {"a": "a", "b": "b"}, {"a": "b", "b": "b"}


def test_who_serves_follows_from_the_roles():
    assert servers(NORMAL) == OWN
    assert servers(UNDER_WAY) == {"a": None, "b": "b"}
    assert servers(AWAY) == AT_B
    assert servers(pair("a normal own")) == {"a": "a"}


@pytest.mark.parametrize(
    ("before", "after", "begun", "ended"),
    [
        (NORMAL, UNDER_WAY, True, False),
        (UNDER_WAY, UNDER_WAY, False, False),
        (UNDER_WAY, AWAY, False, True),
        (NORMAL, AWAY, True, True),
        (NORMAL, NORMAL, False, False),
    ],
)
def test_a_movement_begins_and_ends_with_settled_pairs(before, after, begun, ended):
    assert (begins(before, after), ends(before, after)) == (begun, ended)


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        (OWN, AT_B, Way.FAILOVER),
        (AT_B, OWN, Way.FALLBACK),
        (AT_B, {"a": "a", "b": "a"}, Way.FAILOVER),
        (OWN, {"a": None, "b": "b"}, Way.LOSS),
        (OWN, OWN, Way.NOWHERE),
    ],
)
def test_what_a_movement_was(before, after, way):
    assert way_of(before, after) is way


def test_the_digest_is_that_of_sort_and_sha256sum():
    text = "ann\nbob\n山田\n".encode()
    assert digest(["山田", "bob", "ann"]) == hashlib.sha256(text).hexdigest()


HOMES = {"a": ["ann", "bob"], "b": ["eve"]}


def test_equal_sets_are_proved():
    proof = prove(HOMES, {"b": ["eve"], "a": ["bob", "ann"]})
    assert proof.is_equal
    assert (proof.before.users, proof.before) == (3, proof.after)


@pytest.mark.parametrize(
    ("after", "what", "who"),
    [
        ({"a": ["ann"], "b": ["eve"]}, "lost", ("bob",)),
        ({"a": ["ann", "bob", "new"], "b": ["eve"]}, "added", ("new",)),
        ({"a": ["ann"], "b": ["bob", "eve"]}, "rehomed", ("bob",)),
        ({"a": ["ann", "bob"], "b": ["eve", "ANN"]}, "twice", ("ann",)),
        ({"a": ["ann", "bob", "bob"], "b": ["eve"]}, "twice", ("bob",)),
    ],
)
def test_red_when_somebody_is_lost_new_moved_or_doubled(after, what, who):
    proof = prove(HOMES, after)
    assert (getattr(proof, what), proof.is_equal) == (who, False)


userids = st.lists(st.text("abc山", min_size=1, max_size=4), unique_by=str.lower, max_size=12)


@given(userids, st.data())
def test_no_difference_of_any_kind_is_called_equal(users: list[str], data: st.DataObject):
    before = {user: data.draw(st.sampled_from("ab")) for user in users}
    after = {u: h for u, h in before.items() if data.draw(st.integers(0, 9))}
    after |= {
        u: data.draw(st.sampled_from("ab")) for u in after if not data.draw(st.integers(0, 9))
    }
    proof = prove(_homes(before), _homes(after))
    assert proof.is_equal == (before == after)
    rows = list(moved((_homes(before), _homes(after)), (OWN, AT_B), ({}, {})))
    assert [row.user for row in rows] == sorted(before)
    assert not any(row.sessions_before or row.sessions_after for row in rows)


def _homes(by_user: dict[str, str]) -> dict[str, list[str]]:
    return {home: [u for u, h in by_user.items() if h == home] for home in "ab"}


BEFORE = {"a": Counter(ann=1, bob=2), "b": Counter(eve=1)}


def test_sessions_before_and_after_by_user():
    after = {"b": Counter(ann=1, eve=1)}
    rows = list(moved((HOMES, HOMES), (OWN, AT_B), (BEFORE, after)))
    assert [(r.user, r.server_before, r.server_after) for r in rows] == [
        ("ann", "a", "b"), ("bob", "a", "b"), ("eve", "b", "b"),
    ]  # fmt: skip
    assert [(r.sessions_before, r.sessions_after) for r in rows] == [(1, 1), (2, 0), (1, 1)]
    found = compare_sessions(rows, after)
    assert (found.before, found.after, found.users_before, found.back) == (4, 2, 3, 2)
    assert not found.are_all_back
    everybody = {"b": Counter(ann=1, bob=1, eve=1)}
    rows = list(moved((HOMES, HOMES), (OWN, AT_B), (BEFORE, everybody)))
    assert compare_sessions(rows, everybody).are_all_back


def test_of_a_node_that_did_not_tell_nothing_is_known():
    rows = list(moved((HOMES, HOMES), (OWN, AT_B), ({"b": BEFORE["b"]}, {})))
    assert [r.sessions_before for r in rows] == [None, None, 1]
    found = compare_sessions(rows, {})
    assert (found.before, found.after, found.are_all_back) == (None, None, False)


def test_sessions_on_two_nodes_are_told():
    after = {"a": Counter(ann=1), "b": Counter(ann=1, eve=1)}
    rows = list(moved((HOMES, HOMES), (OWN, AT_B), (BEFORE, after)))
    assert compare_sessions(rows, after).on_two_nodes == ("ann",)


def test_counts_and_digests_are_a_proof_of_their_own():
    proof = prove(HOMES, HOMES)
    assert not replace(proof, after=replace(proof.after, users=2)).is_equal
    assert not replace(proof, after=replace(proof.after, digest="")).is_equal
