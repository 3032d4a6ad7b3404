"""Client re-login limits: what is recommended for a pair's size, mode and number of users.

After a failover each client waits a random time between the two limits before it logs in again; too
short a span floods the peer. Source: the guide's tables of upper limits (domain facts 4.4); the
tables rule, not a formula, for they are not quite regular.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LOWER_S = 120
"""Seconds; the same in every table."""

Table = tuple[tuple[int, int], ...]
"""Users up to a number, and the upper limit in seconds for them."""

BALANCED: dict[int, Table] = {
    500: ((100, 187), (250, 287)),
    1000: ((100, 153), (250, 203), (500, 287)),
    2000: ((100, 153), (500, 287), (1000, 453)),
    5000: ((100, 137), (500, 203), (1000, 287), (1500, 370), (2000, 453), (2500, 537)),
    15000: (
        (100, 127), (500, 153), (1000, 187), (1500, 220), (2000, 253), (2500, 287), (3000, 320),
        (3500, 353), (4000, 387), (4500, 420), (5000, 453), (6000, 520), (7000, 587), (7500, 620),
    ),
    25000: (
        (100, 131), (500, 176), (1000, 231), (1500, 287), (2000, 342), (2500, 398), (3000, 453),
        (3500, 509), (4000, 564), (4500, 620), (5000, 676), (6000, 787), (7000, 898), (7500, 953),
        (8000, 1009), (9000, 1120), (10000, 1231), (11000, 1342), (12000, 1453), (12500, 1509),
    ),
}  # fmt: skip
"""By the node's size in users; both nodes have users of their own (active/active)."""

STANDBY: dict[int, Table] = {
    500: ((100, 187), (250, 287), (500, 453)),
    1000: ((100, 153), (250, 203), (500, 287), (750, 370), (1000, 453)),
    2000: (
        (100, 153), (250, 203), (500, 287), (750, 370), (1000, 453), (1250, 537), (1500, 620),
        (1750, 703), (2000, 787),
    ),
    5000: (
        (100, 154), (500, 287), (1000, 453), (1500, 620), (2000, 787), (2500, 953), (3000, 1120),
        (3500, 1287), (4000, 1453), (4500, 1620), (5000, 1787),
    ),
    15000: (
        (100, 137), (500, 203), (1000, 287), (1500, 370), (2000, 453), (2500, 537), (3000, 620),
        (3500, 703), (4000, 787), (4500, 870), (5000, 953), (6000, 1120), (7000, 1287),
        (8000, 1453), (9000, 1620), (10000, 1787), (11000, 1953), (12000, 2120), (13000, 2287),
        (14000, 2453), (15000, 2620),
    ),
    25000: (
        (100, 133), (500, 183), (1000, 245), (1500, 308), (2000, 370), (2500, 433), (3000, 495),
        (3500, 558), (4000, 620), (4500, 683), (5000, 745), (6000, 870), (7000, 995), (8000, 1058),
        (9000, 1120), (10000, 1245), (11000, 1370), (12000, 1495), (13000, 1620), (14000, 1870),
        (15000, 1995), (16000, 2120), (17000, 2245), (18000, 2370), (19000, 2495), (20000, 2620),
        (21000, 2745), (22000, 2870), (23000, 2995), (24000, 3120), (25000, 3245),
    ),
}  # fmt: skip
"""As above; the second node only stands by (active/standby)."""

SIZES = tuple(BALANCED)
"""Sizes of nodes, by the users they are made for."""
LARGEST = max(SIZES)


@dataclass(frozen=True, slots=True)
class Limits:
    lower_s: int
    upper_s: int


class Fit(StrEnum):
    """How the limits that are set compare with those that are recommended."""

    GOOD = "good"
    TOO_SHORT = "too-short"
    """Clients come back faster than the peer can take them."""
    TOO_LONG = "too-long"
    """Clients wait longer than they need to."""
    UNEQUAL = "unequal"
    """The two nodes have different limits."""
    TOO_MANY_USERS = "too-many-users"
    """More users than nodes of this size are made for: nothing can be recommended."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    users: int
    """Of the node that has more, or of both when one only stands by."""
    limits: Limits | None
    """None when there are more users than nodes of this size are made for."""


def recommended(users: Sequence[int], *, size: int, standby: bool) -> Recommendation:
    """For the users of each node of a pair. Raises ``KeyError`` for a size that does not exist."""
    table = (STANDBY if standby else BALANCED)[size]
    count = sum(users) if standby else max(users, default=0)
    upper = next((limit for most, limit in table if count <= most), None)
    return Recommendation(count, None if upper is None else Limits(LOWER_S, upper))


def fit(present: Sequence[Limits], recommendation: Recommendation) -> Fit:
    """``present``: the limits of each node."""
    if len(set(present)) > 1:
        return Fit.UNEQUAL
    wanted = recommendation.limits
    if wanted is None:
        return Fit.TOO_MANY_USERS
    if present[0].lower_s < wanted.lower_s or present[0].upper_s < wanted.upper_s:
        return Fit.TOO_SHORT
    return Fit.GOOD if present[0] == wanted else Fit.TOO_LONG
