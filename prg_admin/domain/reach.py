"""Everything that can become of a pair: the exhaustive walk of the table, and the ways home.

Every place is tried in every weather (``domain.weather``), and any weather may follow any other:
what can happen is contained in what is tried.

A **way home** is what an operator does to lead a pair back to Normal | Normal: repair, and press
the buttons that are offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from prg_admin.domain.facts import Pair
from prg_admin.domain.limitations import limitation, refusal
from prg_admin.domain.pair import Decision, decide
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import TRANSITIONAL, NodeState, Reason, Role
from prg_admin.domain.transitions import ROWS
from prg_admin.domain.weather import (
    LONGEST,
    NOW,
    REPAIRED,
    SETTINGS,
    SHORT,
    START,
    Answers,
    Health,
    Place,
    Places,
    Sky,
    Weathers,
    place,
    seen,
    skies,
    told_by,
)

REQUESTS = (
    *(Request(action, i) for action in (Action.FAILOVER, Action.FALLBACK) for i in (0, 1)),
    Request(Action.RECOVER),
    *(Request(Action.POWERED_OFF, i) for i in (0, 1)),
    *(Request(Action.RECOVER, powered_off=(i,)) for i in (0, 1)),
)
_ROW_OF = {row.rule: row for row in ROWS}


# The walk.


class Move(NamedTuple):
    """A decision that changed something: by which rule, and where it leads."""

    rule: str
    to: Places


@dataclass(frozen=True, slots=True)
class Moment:
    """One decision, for a judge."""

    before: Pair
    sky: Sky
    request: Request | None
    blind: bool
    decision: Decision


Judge = Callable[[Moment], None]


def _no_judge(_: Moment) -> None:
    """Nobody looks."""


def explore(weathers: Weathers, judge: Judge = _no_judge) -> dict[Places, frozenset[Move]]:
    """Every place that can be reached from Unknown | Unknown, with the moves that lead on."""
    found: dict[Places, frozenset[Move]] = {}
    bare_moves: dict[Places, frozenset[tuple[str, int | None, Places]]] = {}
    waiting = [START]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        bare = _bare(here)
        if bare not in bare_moves:
            bare_moves[bare] = frozenset(_bare_moves(bare, weathers, judge))
        moves = frozenset(
            Move(rule, _with_reasons(here, to, rule, hit)) for rule, hit, to in bare_moves[bare]
        )
        found[here] = moves
        waiting += [move.to for move in moves]
    return found


def _bare(places: Places) -> Places:
    """With one reason standing for all that the table does not tell apart: far fewer to try."""
    nodes = (_bare_node(places.nodes[0]), _bare_node(places.nodes[1]))
    return places._replace(nodes=nodes)


def _bare_node(at: Place) -> Place:
    return at._replace(reason=next(r for r in Reason if told_by(r) == at.told_by))


def _bare_moves(
    here: Places, weathers: Weathers, judge: Judge
) -> Iterator[tuple[str, int | None, Places]]:
    for action in (Action.ENABLE_HA, Action.DISABLE_HA):
        if limitation(seen(here, REPAIRED), action) is None:
            yield action.value, None, here._replace(ha_enabled=not here.ha_enabled)
    for sky in skies(here, weathers):
        before = seen(here, sky)
        for request, blind in _occasions(before, sky):
            decision = decide(before, settings=sky.settings, now=NOW, request=request, blind=blind)
            judge(Moment(before, sky, request, blind, decision))
            if decision.rule is not None:
                yield decision.rule, decision.hit, _places(decision.pair)


def _occasions(before: Pair, sky: Sky) -> Iterator[tuple[Request | None, bool]]:
    yield None, False
    if not any(node.reachable for node in before.nodes):
        yield None, True
        return
    if sky.age == SHORT and not any(isinstance(w, Answers) and w.restarted for w in sky.nodes):
        for request in REQUESTS:
            if refusal(before, request, settings=SETTINGS) is None:
                yield request, False


def _places(pair: Pair) -> Places:
    a, b = pair.nodes
    return Places(
        pair.ha_enabled,
        (
            place(a.state, a.target, a.ordered, a.reason),
            place(b.state, b.target, b.ordered, b.reason),
        ),
    )


def _with_reasons(here: Places, to: Places, rule: str, hit: int | None) -> Places:
    """The bare move with the reasons that the row sets or keeps."""
    nodes = list(to.nodes)
    row = _ROW_OF.get(rule)
    for index in (0, 1):
        reason = here.nodes[index].reason
        if row is not None and hit is not None:
            step = row.to_a if index == hit else row.to_b
            reason = step.reason or reason
        nodes[index] = nodes[index]._replace(reason=reason, told_by=told_by(reason))
    first, second = sorted(nodes)
    return Places(to.ha_enabled, (first, second))


# Ways home.

HOME = (NodeState.NORMAL, NodeState.NORMAL)


class Leg(NamedTuple):
    """One thing an operator does, and the pairs of states that follow by themselves."""

    doing: str
    """``repair``, or an action's value."""
    node: int | None
    """The place of the node where it is about one."""
    through: tuple[tuple[NodeState, NodeState], ...]


Way = tuple[Leg, ...]
Weathering = Callable[[Places], Sky]


def all_well(places: Places) -> Sky:
    """Repaired: services run wherever they are not stopped by order."""
    first, second = (
        Answers(Health.SERVICE_LONG if at.ordered is Role.IDLE else Health.FINE)
        for at in places.nodes
    )
    return Sky((first, second), SHORT)


def settle(
    places: Places, weather: Weathering
) -> tuple[Places, tuple[tuple[NodeState, NodeState], ...]]:
    """Where the engine alone leads the pair while the weather stays, and by which states."""
    through: list[tuple[NodeState, NodeState]] = []
    late = False
    for _ in range(60):
        sky = weather(places)
        sky = replace(sky, age=LONGEST) if late else sky
        decision = decide(seen(places, sky), settings=SETTINGS, now=NOW)
        if not decision.changed and (late or not set(places.states) & TRANSITIONAL):
            return places, tuple(through)
        late = not decision.changed
        before, places = places.states, _places(decision.pair)
        if places.states != before:
            through.append(places.states)
    raise AssertionError(f"{places} never rests")


def ways(
    start: Places, *, weather: Weathering, arrived: Callable[[Places], bool], most: int = 4
) -> Way | None:
    """The shortest row of operator's doings that arrives, or None."""
    rested, through = settle(start, weather)
    first = (Leg("repair", None, through),)
    paths: list[tuple[Places, Way]] = [(rested, first)]
    seen_before = {rested}
    while paths:
        here, way = paths.pop(0)
        if arrived(here):
            return way
        if len(way) > most:
            continue
        for doing, index, after in offered(here, weather):
            rested, through = settle(after, weather)
            if rested in seen_before:
                continue
            seen_before.add(rested)
            states = (after.states, *through) if after.states != here.states else through
            paths.append((rested, (*way, Leg(doing, index, states))))
    return None


def offered(here: Places, weather: Weathering) -> Iterable[tuple[str, int | None, Places]]:
    """What an operator can do here, and what comes of it at once."""
    pair = seen(here, weather(here))
    for request in REQUESTS:
        if refusal(pair, request, settings=SETTINGS) is None:
            decision = decide(pair, settings=SETTINGS, now=NOW, request=request)
            yield request.action.value, request.index, _places(decision.pair)
    for action in (Action.ENABLE_HA, Action.DISABLE_HA):
        if limitation(pair, action) is None:
            yield action.value, None, here._replace(ha_enabled=not here.ha_enabled)


def way_home(start: Places) -> Way | None:
    return ways(start, weather=all_well, arrived=lambda here: here.states == HOME)
