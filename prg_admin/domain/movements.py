"""Whom a recovery moved, and the proof that it lost nobody.

A **movement** of a group begins with the event that leaves a settled pair (neither node in a state
that ends by itself) and ends with the event that settles it again. Who serves a user before and
after follows from the home node and the roles in those two events (I02: a movement writes no
user). The **proof** compares two lists of users, taken when the movement began and when it had
ended: as many, the same digest, nobody missing, nobody new, nobody twice, everybody at home on the
same node.

The digest can be made anew by anybody: SHA-256 of the user IDs in UTF-8, sorted by code point, a
line feed after each; ``LC_ALL=C sort users | sha256sum`` gives the same.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.states import TRANSITIONAL, Role, homes_served

Stands = Sequence[Mapping[str, str]]
"""The nodes of a pair in an event: node, state and ordered role of each."""
Servers = Mapping[str, str | None]
"""Home node to the node that serves its users; None where nobody does."""
Homes = Mapping[str, Sequence[str]]
"""Home node to the user IDs that are at home there."""
Roll = Mapping[str, int]
"""User ID, in small letters, to the number of sessions on one node."""


class Way(StrEnum):
    """What a movement was; ``NOWHERE`` when all are served where they were."""

    FAILOVER = "failover"
    FALLBACK = "fallback"
    LOSS = "loss"
    """Users of a home are served by nobody any more."""
    NOWHERE = "nowhere"


class Verdict(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    TOO_LATE = "too-late"
    """The first list was taken when the movement was over, so that it proves nothing."""


def servers(nodes: Stands) -> dict[str, str | None]:
    """Who serves the users of each home node, by the roles that were ordered."""
    found: dict[str, str | None] = {node["node"]: None for node in nodes}
    for place, node in enumerate(nodes):
        peer = nodes[1 - place]["node"] if len(nodes) == 2 else None  # noqa: PLR2004 - a pair
        served = homes_served(Role(node["ordered"]), node=node["node"], peer=peer)
        found |= dict.fromkeys(served & found.keys(), node["node"])
    return found


def is_settled(nodes: Stands) -> bool:
    return all(node["state"] not in TRANSITIONAL for node in nodes)


def begins(before: Stands, after: Stands) -> bool:
    """Whether a movement begins with this event; one of a single event ends with it, too."""
    return is_settled(before) and (not is_settled(after) or servers(before) != servers(after))


def ends(before: Stands, after: Stands) -> bool:
    return is_settled(after) and (not is_settled(before) or servers(before) != servers(after))


def way_of(before: Servers, after: Servers) -> Way:
    if before == after:
        return Way.NOWHERE
    if any(server is None for server in after.values()):
        return Way.LOSS
    return Way.FALLBACK if all(home == node for home, node in after.items()) else Way.FAILOVER


def digest(users: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{user}\n" for user in sorted(users)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Count:
    """One list of users in short."""

    users: int
    digest: str


@dataclass(frozen=True, slots=True)
class Proof:
    before: Count
    after: Count
    lost: tuple[str, ...]
    added: tuple[str, ...]
    rehomed: tuple[str, ...]
    """At home on another node than before."""
    twice: tuple[str, ...]
    """More than once in one of the lists; case makes no other user."""

    @property
    def is_equal(self) -> bool:
        # The counts and digests are made apart from the names: each would show what the other hid.
        differs = self.lost or self.added or self.rehomed or self.twice
        return self.before == self.after and not differs


def prove(before: Homes, after: Homes) -> Proof:
    was, now = _by_user(before), _by_user(after)
    return Proof(
        before=_count(before),
        after=_count(after),
        lost=tuple(sorted(was.keys() - now.keys())),
        added=tuple(sorted(now.keys() - was.keys())),
        rehomed=tuple(sorted(u for u in was.keys() & now.keys() if was[u] != now[u])),
        twice=tuple(sorted({*_twice(before), *_twice(after)})),
    )


def _by_user(homes: Homes) -> dict[str, str]:
    return {user: home for home, users in homes.items() for user in users}


def _count(homes: Homes) -> Count:
    users = [user for of in homes.values() for user in of]
    return Count(len(users), digest(users))


def _twice(homes: Homes) -> Iterator[str]:
    counted = Counter(user.lower() for users in homes.values() for user in users)
    return (user for user, times in counted.items() if times > 1)


@dataclass(frozen=True, slots=True)
class Moved:
    """One user of a certificate."""

    user: str
    home: str
    server_before: str | None
    server_after: str | None
    sessions_before: int | None
    """None: not known."""
    sessions_after: int | None


def moved(
    homes: tuple[Homes, Homes],
    serving: tuple[Servers, Servers],
    rolls: tuple[Mapping[str, Roll], Mapping[str, Roll]],
) -> Iterator[Moved]:
    """Everybody of either list, sorted by code point. Each argument is that of before and after.

    ``rolls`` has the nodes that told who is logged in; where that which serves a user did not,
    nothing is known of the user's sessions.
    """
    was, now = _by_user(homes[0]), _by_user(homes[1])
    for user in sorted({*was, *now}):
        old, new = was.get(user, ""), now.get(user, "")
        before, after = serving[0].get(old), serving[1].get(new)
        yield Moved(
            user,
            new or old,
            before,
            after,
            _sessions(user, before, rolls[0]) if old else None,
            _sessions(user, after, rolls[1]) if new else None,
        )


def _sessions(user: str, server: str | None, rolls: Mapping[str, Roll]) -> int | None:
    if server is None or server not in rolls:
        return None
    return sum(roll.get(user.lower(), 0) for roll in rolls.values())


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions of the group's users before and after, as far as they are known."""

    before: int | None
    after: int | None
    users_before: int
    """Users with a session before."""
    back: int
    """Those of them who have one afterwards."""
    on_two_nodes: tuple[str, ...]
    """Users with sessions on both nodes afterwards: I01 would be broken."""

    @property
    def are_all_back(self) -> bool:
        return self.before is not None and self.after is not None and self.back >= self.users_before


def compare_sessions(rows: Iterable[Moved], after: Mapping[str, Roll]) -> Sessions:
    totals: list[int | None] = [0, 0]
    users = back = 0
    for row in rows:
        for place, count in enumerate((row.sessions_before, row.sessions_after)):
            total = totals[place]
            totals[place] = None if total is None or count is None else total + count
        if row.sessions_before:
            users += 1
            back += bool(row.sessions_after)
    counted = Counter(user for roll in after.values() for user in roll)
    doubled = tuple(sorted(user for user, nodes in counted.items() if nodes > 1))
    return Sessions(totals[0], totals[1], users, back, doubled)
