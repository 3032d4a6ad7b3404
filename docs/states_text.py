"""The words of ``states.md``: states, reasons, rows and ways home, from the table."""  # noqa: INP001

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prg_admin.domain import reach, weather
from prg_admin.domain.requests import Action
from prg_admin.domain.states import TRANSITIONAL, NodeState, Reason
from prg_admin.domain.transitions import ROWS, Row, Step

Joint = tuple[NodeState, NodeState]

INTRO = """# States of a presence redundancy group

Written by `make diagrams` from the transition table in `prg_admin/domain/transitions.py`; a test
keeps it current. **A** is the node that is hit, **B** its peer; which of the two is the first node
of the group does not matter. Labels are those of the pages.

![Every way a pair can move](diagrams/transitions.svg)

By theme: [High Availability on and off](diagrams/high-availability.svg),
[failover](diagrams/failover.svg), [fallback](diagrams/fallback.svg),
[Running in Failed Mode](diagrams/failed.svg).
"""

ROWS_INTRO = """## Rows

The first row that applies fires, heaviest first; nothing else ever changes a state. A row applies
when the states of A and B match, and its condition holds. *Serves* says what the nodes are led to:
`own` users, the users of `both` nodes, nobody on `standby`, nobody and services stopped when
`idle`; `-` keeps what is.

How a node is led there without a user being served twice is the matter of
`prg_admin/domain/orders.py`: a node serves more only after the other has let go.
"""

HOME_INTRO = """## Ways home

From every pair of states that can be reached there is a way to Normal | Normal by what an operator
can do. The first doing is always to repair: the node runs, the network carries, the services are
started. What follows by itself stands after the arrow. Where a pair of states can have come about
in different manners, each way is listed.
"""

DOINGS = {
    "repair": "repair",
    Action.FALLBACK.value: "**Fallback**",
    Action.FAILOVER.value: "**Failover**",
    Action.RECOVER.value: "**Recover**",
    Action.ENABLE_HA.value: "switch High Availability on",
    Action.DISABLE_HA.value: "switch High Availability off",
}


def text(graph: Iterable[weather.Places]) -> str:
    parts = [INTRO, *_states(), *_reasons(), ROWS_INTRO, *_rows(), HOME_INTRO, *_ways(graph)]
    return "\n".join(parts).rstrip() + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _states() -> Iterator[str]:
    yield "## States\n"
    yield _table(
        ("State", "Kind", "Counter SRMState"),
        (
            (s.label, "transition" if s in TRANSITIONAL else "steady", str(s.counter))
            for s in NodeState
        ),
    )


def _reasons() -> Iterator[str]:
    yield "## Reasons\n"
    yield _table(
        ("Reason", "Set by the rows"),
        (
            (reason.label, ", ".join(f"`{r.rule}`" for r in ROWS if _sets(r, reason)) or "-")
            for reason in Reason
        ),
    )


def _sets(row: Row, reason: Reason) -> bool:
    return reason in (row.to_a.reason, row.to_b.reason)


def _rows() -> Iterator[str]:
    yield _table(
        ("Rule", "A", "B", "When", "A becomes", "B becomes", "Serves"),
        (
            (
                f"`{row.rule}`",
                _from(row.a) + _only(row),
                _from(row.b),
                row.when.value,
                _to(row.to_a),
                _to(row.to_b),
                f"{_role(row.to_a)} \\| {_role(row.to_b)}",
            )
            for row in ROWS
        ),
    )


MANY = 6


def _from(states: frozenset[NodeState]) -> str:
    if len(states) <= MANY:
        return ", ".join(s.label for s in NodeState if s in states)
    without = [s.label for s in NodeState if s not in states]
    return "any" + (f" but {', '.join(without)}" if without else "")


def _only(row: Row) -> str:
    notes = [f"led to `{row.target_a.value}`"] if row.target_a else []
    if row.reasons_a is not None:
        few = len(row.reasons_a) <= MANY
        named = row.reasons_a if few else frozenset(Reason) - row.reasons_a
        words = ", ".join(r.label for r in Reason if r in named)
        notes.append(f"reason {'' if few else 'other than '}{words}")
    return f" ({'; '.join(notes)})" if notes else ""


def _to(step: Step) -> str:
    if step.state is None:
        return f"- / {step.reason.label}" if step.reason else "-"
    return f"{step.state.label} / {step.reason.label}" if step.reason else step.state.label


def _role(step: Step) -> str:
    return f"`{step.target.value}`" if step.target else "-"


def ways_by_pair(graph: Iterable[weather.Places]) -> dict[Joint, list[reach.Way]]:
    """For each pair of states its different ways home, the shortest first."""
    from docs.draw_states import joint_of  # noqa: PLC0415 - the two know one another

    found: dict[Joint, dict[tuple[str, ...], reach.Way]] = {}
    for places in graph:
        way = reach.way_home(places)
        assert way is not None, f"no way home from {places}"  # noqa: S101 - a test proves it
        shown = tuple(_leg(leg) for leg in way)
        found.setdefault(joint_of(places.states), {}).setdefault(shown, way)
    return {
        joint: [ways[key] for key in sorted(ways, key=lambda k: (len(k), k))]
        for joint, ways in found.items()
    }


def _ways(graph: Iterable[weather.Places]) -> Iterator[str]:
    from docs.draw_states import JOINTS  # noqa: PLC0415 - the two know one another

    ways = ways_by_pair(graph)
    yield _table(
        ("Pair of states", "Way home"),
        (
            (_pair(joint), "<br>".join("; ".join(_leg(leg) for leg in way) for way in ways[joint]))
            for joint in JOINTS
        ),
    )


def _leg(leg: reach.Leg) -> str:
    from docs.draw_states import joint_of  # noqa: PLC0415 - the two know one another

    through = ", ".join(_pair(joint_of(states)) for states in leg.through)
    return DOINGS[leg.doing] + (f" \u2192 {through}" if through else "")


def _pair(states: Joint) -> str:
    return f"{states[0].label} \\| {states[1].label}"
