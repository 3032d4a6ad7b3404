"""Recommended re-login limits: the guide's tables, rounded up to the next row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prg_admin.domain.relogin import BALANCED, SIZES, STANDBY, Fit, Limits, fit, recommended


@pytest.mark.parametrize(
    ("users", "size", "standby", "counted", "upper"),
    [
        ((0, 0), 500, False, 0, 187),
        ((100, 20), 500, False, 100, 187),
        ((101, 20), 500, False, 101, 287),
        ((2400, 2300), 5000, False, 2400, 537),
        ((4700, 0), 5000, True, 4700, 1787),
        ((12500, 12500), 25000, False, 12500, 1509),
        ((12500, 12500), 25000, True, 25000, 3245),
        ((8000, 0), 25000, True, 8000, 1058),
    ],
)
def test_the_table_of_size_and_mode_rules(users, size, standby, counted, upper):
    found = recommended(users, size=size, standby=standby)
    assert (found.users, found.limits) == (counted, Limits(120, upper))


def test_above_the_last_row_nothing_can_be_recommended():
    """The guide's own example of 4,700 users on one node of this size has no row."""
    assert recommended((4700, 100), size=5000, standby=False).limits is None
    assert fit([Limits(120, 953)] * 2, recommended((4700, 0), size=5000, standby=False)) is (
        Fit.TOO_MANY_USERS
    )


@given(st.sampled_from(SIZES), st.booleans(), st.integers(0, 25_000), st.integers(0, 25_000))
def test_more_users_never_have_less_time(size: int, standby: bool, one: int, more: int):
    few, many = sorted((one, more))
    first = recommended((few, 0), size=size, standby=standby).limits
    second = recommended((many, 0), size=size, standby=standby).limits
    assert second is None or (first is not None and first.upper_s <= second.upper_s)


@pytest.mark.parametrize("table", [*BALANCED.values(), *STANDBY.values()])
def test_tables_rise(table):
    assert sorted(table) == list(table)
    assert sorted(limit for _, limit in table) == [limit for _, limit in table]


@pytest.mark.parametrize(
    ("present", "found"),
    [
        (((120, 187), (120, 187)), Fit.GOOD),
        (((120, 150), (120, 150)), Fit.TOO_SHORT),
        (((90, 187), (90, 187)), Fit.TOO_SHORT),
        (((120, 537), (120, 537)), Fit.TOO_LONG),
        (((120, 187), (120, 537)), Fit.UNEQUAL),
    ],
)
def test_what_is_set_is_held_against_it(present, found):
    limits = [Limits(*pair) for pair in present]
    assert fit(limits, recommended((90, 20), size=500, standby=False)) is found
