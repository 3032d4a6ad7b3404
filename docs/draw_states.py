"""Draws the state diagrams and writes ``states.md``, from the transition table.

``make diagrams``. Where a box stands is laid down here by hand; what is drawn between boxes is what
the walk of ``prg_admin.domain.reach`` finds, so nothing is shown that cannot happen.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from prg_admin.domain import reach, weather
from prg_admin.domain.states import (
    TRANSITIONAL,
    NodeState,
)
from prg_admin.domain.transitions import ROWS, SET_BY_PEOPLE, Row, When

DOCS = Path(__file__).resolve().parent
S = NodeState
Joint = tuple[NodeState, NodeState]
Point = tuple[float, float]

BOX_W, BOX_H = 216.0, 50.0
CHAR, LINE = 6.65, 15.0
"""Width of a character and height of a line of a label, px."""

UNKNOWN: Joint = (S.UNKNOWN, S.UNKNOWN)
INIT: Joint = (S.INITIALIZING, S.INITIALIZING)
NORMAL: Joint = (S.NORMAL, S.NORMAL)
FAILING: Joint = (S.FAILING_OVER, S.TAKING_OVER)
LOSING: Joint = (S.DOWN, S.TAKING_OVER)
IDLE: Joint = (S.IDLE, S.BACKUP)
SERVICES: Joint = (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
READY: Joint = (S.FAILED_OVER, S.BACKUP)
DOWN: Joint = (S.DOWN, S.BACKUP)
BACK: Joint = (S.TAKING_BACK, S.FALLING_BACK)
FAILED: Joint = (S.FAILED, S.FAILED)
JOINTS = (UNKNOWN, INIT, NORMAL, FAILING, LOSING, IDLE, SERVICES, READY, DOWN, BACK, FAILED)
"""The node that is hit stands first."""

LINES = {
    S.FAILED_OVER_SERVICES_DOWN: ("Failed Over with", "Critical Services", "Not Running"),
    S.BACKUP: ("Running in", "Backup Mode"),
    S.FAILED: ("Running in", "Failed Mode"),
}
ASKED, LOSS, PROGRESS = "#1d4ed8", "#b42318", "#1a7f37"
BY_PEOPLE = SET_BY_PEOPLE | {When.FAILOVER_ASKED, When.FALLBACK_ASKED, When.RECOVER_ASKED}
FORWARD = {
    When.SETTLED, When.HANDED_OVER, When.RELEASED, When.READY_A, When.RETURNED_A, When.ALL_UP_A,
    When.FALLBACK_DUE,
}  # fmt: skip
MEANINGS = (
    (ASKED, "asked by a person"),
    (PROGRESS, "progress, as reported"),
    (LOSS, "loss, or a limit that ran out"),
)
DASHED = "dashed: ends by itself \u00b7 left half: the node that is hit"
EVERYWHERE = {"ha-off": UNKNOWN, "both-silent": FAILED}
"""Rows that lead from almost every box to one: said in that box's note instead of drawn."""


@dataclass(frozen=True)
class Picture:
    name: str
    title: str
    places: dict[Joint, Point]
    """Centre of each box, in columns and rows."""
    rules: frozenset[str] | None = None
    """Which rows are drawn; None: all between its boxes."""
    bends: dict[tuple[Joint, Joint], float] = field(default_factory=dict)
    """How far an arrow swings to its left, px; 26 where nothing is said."""
    slides: dict[tuple[Joint, Joint], float] = field(default_factory=dict)
    """Where on its arrow a label stands, 0 to 1; the middle where nothing is said."""
    loops_above: frozenset[Joint] = frozenset()
    """Boxes whose rows that lead back to themselves stand above instead of below."""
    column: float = 330.0
    row: float = 150.0
    numbered: bool = False
    """Arrows bear numbers, explained below the picture."""


def _rules(*needles: str) -> frozenset[str]:
    """The rows whose ids begin with, or are, one of the needles."""
    found = frozenset(r.rule for r in ROWS if any(r.rule.startswith(n) for n in needles))
    assert all(any(r.rule.startswith(n) for r in ROWS) for n in needles), needles  # noqa: S101
    return found


PICTURES = (
    Picture(
        "transitions",
        "Every way a pair can move",
        {
            UNKNOWN: (0, 0), INIT: (1.1, 0), NORMAL: (2.2, 0),
            FAILING: (1.1, 1.2), LOSING: (2.4, 1.2), BACK: (3.8, 1.6),
            FAILED: (0, 2.0), SERVICES: (1.5, 2.75), DOWN: (2.95, 2.75),
            IDLE: (0.75, 3.8), READY: (2.4, 3.8),
        },
        bends={
            (NORMAL, FAILED): -56, (FAILED, NORMAL): 66, (FAILED, INIT): 40, (INIT, FAILED): 12,
            (BACK, FAILING): -66, (READY, FAILING): -24, (READY, LOSING): 0,
            (IDLE, BACK): -250, (BACK, FAILED): 12, (LOSING, FAILED): 14, (FAILING, FAILED): 6,
            (DOWN, FAILED): -14, (SERVICES, FAILED): -10, (FAILED, SERVICES): 36,
            (FAILED, IDLE): 26, (IDLE, FAILED): 26, (READY, BACK): -70, (READY, DOWN): -18,
            (BACK, NORMAL): -14, (BACK, LOSING): -16, (FAILING, IDLE): 0,
        },
        slides={
            (NORMAL, FAILED): 0.62, (FAILED, NORMAL): 0.7, (BACK, FAILED): 0.3,
            (READY, LOSING): 0.3, (FAILING, IDLE): 0.75, (READY, BACK): 0.6,
            (READY, FAILING): 0.3, (DOWN, FAILED): 0.4, (INIT, FAILED): 0.35,
        },
        column=345, row=160, numbered=True, loops_above=frozenset({INIT, BACK}),
    ),
    Picture(
        "high-availability",
        "High Availability on and off",
        {
            UNKNOWN: (0, 0), INIT: (1.15, 0), NORMAL: (2.3, 0),
            FAILED: (0, 1.35), FAILING: (1.15, 1.35), LOSING: (2.3, 1.35),
        },
        _rules("ha-", "init-", "recover-"),
        bends={(UNKNOWN, INIT): 0, (INIT, NORMAL): 0, (INIT, FAILING): 0},
        loops_above=frozenset({INIT}),
    ),
    Picture(
        "failover",
        "Failover, and what the failed-over node does next",
        {
            NORMAL: (1.1, 0), FAILING: (0.45, 1.1), LOSING: (1.95, 1.1),
            IDLE: (0, 2.3), SERVICES: (1, 2.3), DOWN: (2.1, 2.3), READY: (1.5, 3.5),
        },
        _rules("failover-asked", "database-down", "service-down", "goodbye", "refused", "silent",
               "take-over-done", "failed-over-gone", "services-", "database-lost", "returned"),
        bends={(NORMAL, FAILING): 0, (NORMAL, LOSING): 0, (FAILING, IDLE): 0,
               (FAILING, SERVICES): 0, (LOSING, DOWN): 0, (READY, DOWN): 10},
        column=360,
    ),
    Picture(
        "fallback",
        "Fallback, and what can happen on the way",
        {
            IDLE: (0, 0), READY: (0, 1.5), BACK: (1.25, 0.75), NORMAL: (2.5, 0.75),
            FAILING: (1.25, 2.3), LOSING: (2.5, 2.3),
        },
        _rules("fallback-", "fall-back-", "backup-lost", "backup-goodbye", "backup-silent"),
        bends={(IDLE, BACK): 0, (READY, BACK): 0, (BACK, NORMAL): 0, (BACK, FAILING): 0,
               (BACK, LOSING): 0, (READY, FAILING): -20, (READY, LOSING): 14},
        slides={(READY, FAILING): 0.55, (READY, LOSING): 0.66, (BACK, FAILING): 0.3},
        loops_above=frozenset({BACK}),
    ),
    Picture(
        "failed",
        "Running in Failed Mode: the ways in and out",
        {
            INIT: (0, 0), NORMAL: (1.3, 0), FAILING: (2.6, 0),
            BACK: (0, 1.5), FAILED: (1.3, 1.5), LOSING: (2.6, 1.5),
            IDLE: (0, 3), SERVICES: (1.3, 3), DOWN: (2.6, 3),
        },
        _rules("recover-", "init-both", "both-", "take-over-overdue", "backup-unfit", "backup-gone",
               "backup-heard", "start-overdue", "take-back-overdue"),
        bends={(NORMAL, FAILED): 60, (FAILED, NORMAL): 60, (SERVICES, FAILED): 60,
               (FAILED, SERVICES): 60, (BACK, FAILED): 0, (LOSING, FAILED): 0, (DOWN, FAILED): 0,
               (FAILING, FAILED): 0, (IDLE, FAILED): 30, (FAILED, IDLE): 30},
        loops_above=frozenset({INIT}),
    ),
)  # fmt: skip


# What there is to draw.

Arrows = dict[tuple[Joint, Joint], list[Row]]


def joint_of(states: Joint) -> Joint:
    return states if states in JOINTS else (states[1], states[0])


def arrows(graph: dict[weather.Places, frozenset[reach.Move]]) -> Arrows:
    """The rows that lead from one pair of states to another, in the order of the table."""
    found: dict[tuple[Joint, Joint], set[str]] = defaultdict(set)
    for places, moves in graph.items():
        for move in moves:
            found[joint_of(places.states), joint_of(move.to.states)].add(move.rule)
    drawn = {}
    for ends, rules in found.items():
        rows = [r for r in ROWS if r.rule in rules and not _only_reasons(r)]
        if rows:
            drawn[ends] = rows
    return drawn


def _only_reasons(row: Row) -> bool:
    steps = (row.to_a, row.to_b)
    return row.when is When.RESTARTED_A or all(s.state is None for s in steps)


def colour(row: Row) -> str:
    if row.when in BY_PEOPLE:
        return ASKED
    return PROGRESS if row.when in FORWARD else LOSS


# Geometry.


def _edge_point(centre: Point, towards: Point) -> Point:
    """Where the line from a box's centre leaves the box."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    far = max(abs(dx) / (BOX_W / 2 + 4), abs(dy) / (BOX_H / 2 + 4), 1e-9)
    return (centre[0] + dx / far, centre[1] + dy / far)


@dataclass(frozen=True)
class Curve:
    start: Point
    control: Point
    end: Point

    def at(self, t: float) -> Point:
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        return (
            a * self.start[0] + b * self.control[0] + c * self.end[0],
            a * self.start[1] + b * self.control[1] + c * self.end[1],
        )


def curve(start: Point, end: Point, bend: float) -> Curve:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    control = (middle[0] + dy / length * bend * 2, middle[1] - dx / length * bend * 2)
    return Curve(_edge_point(start, control), control, _edge_point(end, control))


# SVG.

STYLE = """
text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.title { font-size: 20px; font-weight: 600; fill: #1f2328; }
.state { font-size: 12.5px; font-weight: 600; fill: #1f2328; }
.rule { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 11px; }
.number { font-size: 11px; font-weight: 600; }
.note { font-size: 11.5px; fill: #57606a; }
"""


def svg(picture: Picture, found: Arrows) -> str:
    centres = {
        joint: (BOX_W / 2 + 40 + x * picture.column, 104 + y * picture.row)
        for joint, (x, y) in picture.places.items()
    }
    shown = {ends: _shown(picture, rows) for ends, rows in found.items()}
    drawn = {e: rows for e, rows in shown.items() if rows and set(e) <= set(centres)}
    ordered = sorted(drawn.items(), key=lambda item: (ROWS.index(item[1][0]), str(item[0])))
    lines, labels, key = [], [], []
    for ends, rows in ordered:
        line, at, itself = _arrow(picture, ends, rows, centres)
        lines.append(line)
        names = [("\u21bb " if itself else "") + row.rule for row in rows]
        tints = [colour(row) for row in rows]
        if picture.numbered and not itself:
            key.append((len(key) + 1, names, tints))
            labels.append(_badge(at, len(key), tints[0]))
        else:
            labels.append(_label(at, names, tints))
    width = max(x for x, _ in centres.values()) + BOX_W / 2 + 40
    below = max(y for _, y in centres.values()) + BOX_H / 2 + (96 if picture.numbered else 40)
    explained, height = _key(key, below, width)
    notes, height = _footer(set(centres), height)
    parts = [
        _svg_open(width, height, picture.title),
        *lines,
        *(_box(joint, centre) for joint, centre in centres.items()),
        *labels,
        *explained,
        notes,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _svg_open(width: float, height: float, title: str) -> str:
    size = f"{width:.0f} {height:.0f}"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{''.join(map(_marker, (ASKED, LOSS, PROGRESS)))}</defs>",
            '<rect width="100%" height="100%" rx="12" fill="#ffffff"/>',
            f'<text class="title" x="24" y="40">{escape(title)}</text>',
        )
    )


def _key(
    key: list[tuple[int, list[str], list[str]]], top: float, width: float
) -> tuple[list[str], float]:
    """The numbers' meaning in columns, and where the picture goes on below."""
    if not key:
        return [], top
    columns = 3
    tall = math.ceil(len(key) / columns)
    parts = []
    for place, (number, names, tints) in enumerate(key):
        x = 40 + place // tall * (width - 60) / columns
        y = top + 16 + place % tall * 24
        parts.append(_badge((x, y), number, tints[0]))
        spans = ", ".join(
            f'<tspan fill="{tint}">{escape(name)}</tspan>'
            for name, tint in zip(names, tints, strict=True)
        )
        parts.append(f'<text class="rule" x="{x + 18:.1f}" y="{y + 4:.1f}">{spans}</text>')
    return parts, top + 16 + tall * 24 + 12


def _badge(centre: Point, number: int, tint: str) -> str:
    x, y = centre
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" fill="#ffffff" stroke="{tint}" '
        f'stroke-width="1.4"/><text class="number" text-anchor="middle" fill="{tint}" '
        f'x="{x:.1f}" y="{y + 4:.1f}">{number}</text>'
    )


def _shown(picture: Picture, rows: Iterable[Row]) -> list[Row]:
    return [
        row
        for row in rows
        if (picture.rules is None or row.rule in picture.rules) and row.rule not in EVERYWHERE
    ]


def _marker(tint: str) -> str:
    return (
        f'<marker id="arrow-{tint[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
        f'markerHeight="8" orient="auto-start-reverse"><path d="M0 0.8 L10 5 L0 9.2 z" '
        f'fill="{tint}"/></marker>'
    )


def _arrow(
    picture: Picture,
    ends: tuple[Joint, Joint],
    rows: list[Row],
    centres: dict[Joint, Point],
) -> tuple[str, Point, bool]:
    """The line, where its label stands, and whether it leads back to its box."""
    tint = colour(rows[0])
    if ends[0] == ends[1]:
        x, y = centres[ends[0]]
        away = BOX_H / 2 + 4 + LINE * len(rows) / 2
        return "", (x, y - away if ends[0] in picture.loops_above else y + away), True
    way = curve(centres[ends[0]], centres[ends[1]], picture.bends.get(ends, 26.0))
    x0, y0, x1, y1, x2, y2 = (f"{v:.1f}" for v in (*way.start, *way.control, *way.end))
    line = (
        f'<path d="M{x0} {y0} Q{x1} {y1} {x2} {y2}" fill="none" '
        f'stroke="{tint}" stroke-width="1.6" marker-end="url(#arrow-{tint[1:]})"/>'
    )
    return line, way.at(picture.slides.get(ends, 0.5)), False


def _label(centre: Point, names: list[str], tints: list[str]) -> str:
    x, y = centre
    width = max(map(len, names)) * CHAR + 8
    height = len(names) * LINE + 2
    back = (
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="4" fill="#ffffff" fill-opacity="0.93"/>'
    )
    texts = [
        f'<text class="rule" text-anchor="middle" fill="{tint}" x="{x:.1f}" '
        f'y="{y - height / 2 + 12 + i * LINE:.1f}">{escape(name)}</text>'
        for i, (name, tint) in enumerate(zip(names, tints, strict=True))
    ]
    return back + "".join(texts)


FILLS = {FAILED: "#fdeceb", NORMAL: "#eaf6ec"}
NARROW = 15
"""Characters of a line that fit into half a box at full size."""


def _box(joint: Joint, centre: Point) -> str:
    x, y = centre[0] - BOX_W / 2, centre[1] - BOX_H / 2
    dash = ' stroke-dasharray="5 4"' if set(joint) & TRANSITIONAL else ""
    outline = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX_W}" height="{BOX_H}" rx="10" '
        f'fill="{FILLS.get(joint, "#f6f8fa")}" stroke="#57606a" stroke-width="1.3"{dash}/>'
    )
    middle = f'<path d="M{centre[0]:.1f} {y:.1f} v{BOX_H}" stroke="#c4ccd4" stroke-width="1"/>'
    halves = [
        *_state_text(joint[0], centre[0] - BOX_W / 4, centre[1]),
        *_state_text(joint[1], centre[0] + BOX_W / 4, centre[1]),
    ]
    return outline + middle + "".join(halves)


def _state_text(state: NodeState, x: float, y: float) -> Iterator[str]:
    words = LINES.get(state) or state.label.split(" ")
    small = max(map(len, words)) > NARROW
    size = ' style="font-size:9.5px"' if small else ""
    step = 12.0 if small else 15.0
    for i, word in enumerate(words):
        top = y + 4.5 + (i - (len(words) - 1) / 2) * step
        yield (
            f'<text class="state" text-anchor="middle" x="{x:.1f}" y="{top:.1f}"{size}>'
            f"{escape(word)}</text>"
        )


def _footer(boxes: set[Joint], top: float) -> tuple[str, float]:
    """What the picture leaves out, what its colours say, and how high it is."""
    parts, y = [], top + 6
    for rule, target in EVERYWHERE.items():
        if target in boxes:
            pair = " | ".join(state.label for state in target)
            parts.append(
                f'<text class="note" x="24" y="{y:.0f}">from every other pair to {pair}: '
                f'<tspan class="rule">{rule}</tspan></text>'
            )
            y += 18
    y += 6
    x = 24.0
    for tint, text in MEANINGS:
        parts.append(
            f'<path d="M{x:.0f} {y - 4:.0f} h26" stroke="{tint}" stroke-width="2" '
            f'marker-end="url(#arrow-{tint[1:]})"/>'
            f'<text class="note" x="{x + 34:.0f}" y="{y:.0f}">{escape(text)}</text>'
        )
        x += 60 + len(text) * 6.4
    parts.append(f'<text class="note" x="{x:.0f}" y="{y:.0f}">{DASHED}</text>')
    return "".join(parts), y + 18


def documents() -> dict[Path, str]:
    """Every file this script writes, with its text."""
    from docs.states_text import text  # noqa: PLC0415 - the two know one another

    graph = reach.explore(weather.telling_weather())
    found = arrows(graph)
    files = {DOCS / "diagrams" / f"{p.name}.svg": svg(p, found) for p in PICTURES}
    files[DOCS / "states.md"] = text(graph)
    return files


def main() -> int:
    for path, content in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(DOCS.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
