"""What is known of many nodes, in one lean query, and the groups that need no thought.

Each process remembers as what it found a group quiet (``domain.quiet``): the very rows that decide
on it. As long as the database holds the same, and both nodes answer that they go on as they did,
nothing is loaded, parsed or decided. A process that remembers nothing thinks once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from prg_admin.domain.timing import RecoverySettings


class Known(NamedTuple):
    """A node, its place in a group if it is in one, and what it said last."""

    node_id: int
    name: str
    host: str
    port: int
    cluster_id: int
    epoch: int
    """Of a node in no group; ``version`` covers the others'."""
    group_id: int | None
    position: int | None
    version: int | None
    revision: int | None
    tag: str | None
    reachable: bool | None
    error: str | None
    goodbye_boot: str | None
    claimed_boot: str | None
    rival_boot: str | None
    under_way: Any
    # What decides on nothing by itself stands last.
    heard_at: datetime | None
    """Only of a node that did not answer last time."""
    sessions: int | None

    @property
    def is_plain(self) -> bool:
        """It answered last time, and no second machine claims it."""
        return bool(self.reachable and self.tag and not (self.claimed_boot or self.rival_boot))


DECIDING = Known._fields.index("heard_at")

_QUERY = """
with asked as (
    select unnest(%s::bigint[]) as node_id
), wanted as (
    select node_id from asked
     union
    select other.node_id
      from asked
      join groups_member m using (node_id)
      join groups_member other on other.group_id = m.group_id
)
select n.id, n.name, n.address, n.port, n.cluster_id, n.epoch,
       m.group_id, m.position, g.version, g.revision,
       r.tag, r.reachable, r.error, r.goodbye_boot, r.claimed_boot, r.rival_boot, r.under_way,
       case when r.reachable then null else r.heard_at end, r.sessions
  from wanted
  join topology_node n on n.id = wanted.node_id
  left join groups_member m on m.node_id = n.id
  left join groups_presenceredundancygroup g on g.id = m.group_id
  left join topology_nodereport r on r.node_id = n.id
 order by m.group_id, m.position, n.id
"""


def load_known(node_ids: Sequence[int]) -> list[list[Known]]:
    """The nodes, and the peers of those in groups; the nodes of a group together."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, [list(node_ids)])
        rows = [Known._make(row) for row in cursor.fetchall()]
    return [list(together) for _, together in groupby(rows, key=_unit)]


def _unit(known: Known) -> tuple[int, int]:
    """A group, or a node that is in none."""
    return (0, known.node_id) if known.group_id is None else (1, known.group_id)


class Quiet:
    """Of one process; of many threads each operation is one step of a dictionary."""

    def __init__(self) -> None:
        self._as: dict[tuple[int, int], tuple[RecoverySettings, list[tuple[Any, ...]]]] = {}

    def holds(self, unit: Sequence[Known], settings: RecoverySettings) -> bool:
        remembered = self._as.get(_unit(unit[0]))
        if remembered is None:
            return False
        same = remembered[0] is settings or remembered[0] == settings
        return same and remembered[1] == [known[:DECIDING] for known in unit]

    def remember(
        self, unit: Sequence[Known], settings: RecoverySettings, tags: Sequence[str]
    ) -> None:
        """``tags`` are those of the reports it was found quiet by."""
        if not all(tags):
            return
        as_kept = [
            known._replace(tag=tag, reachable=True, error="")[:DECIDING]
            for known, tag in zip(unit, tags, strict=True)
        ]
        self._as[_unit(unit[0])] = (settings, as_kept)


quiet = Quiet()
