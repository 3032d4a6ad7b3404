"""The drawings and the text beside them are those of the table of now."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from docs import draw_states
from docs.draw_states import BOX_H, BOX_W, EVERYWHERE, JOINTS, PICTURES
from docs.states_text import ways_by_pair
from prg_admin.domain import reach, weather
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.transitions import ROWS


@pytest.fixture(scope="module")
def documents() -> dict[Path, str]:
    return draw_states.documents()


@pytest.fixture(scope="module")
def graph() -> dict[weather.Places, frozenset[reach.Move]]:
    return reach.explore(weather.telling_weather())


def test_what_is_kept_is_what_the_table_says_now(documents):
    old = [p.name for p, new in documents.items() if p.read_text(encoding="utf-8") != new]
    assert old == [], "run: make diagrams"


def test_nothing_else_lies_beside_them(documents):
    assert set((draw_states.DOCS / "diagrams").iterdir()) == {
        path for path in documents if path.suffix == ".svg"
    }


def test_every_reachable_pair_has_a_box(graph):
    assert {draw_states.joint_of(places.states) for places in graph} == set(JOINTS)
    assert set(PICTURES[0].places) == set(JOINTS)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_no_box_covers_another(picture):
    for (x1, y1), (x2, y2) in itertools.combinations(picture.places.values(), 2):
        apart = abs(x1 - x2) * picture.column > BOX_W, abs(y1 - y2) * picture.row > BOX_H
        assert any(apart)


@pytest.mark.parametrize("themes", [PICTURES[:1], PICTURES[1:]], ids=["overview", "themes"])
def test_every_row_that_moves_a_state_is_drawn(documents, themes):
    pictures = (documents[draw_states.DOCS / "diagrams" / f"{p.name}.svg"] for p in themes)
    texts = set(re.findall(r"[a-z-]+", " ".join(pictures)))
    moving = [row.rule for row in ROWS if row.when is not draw_states.When.RESTARTED_A]
    assert [rule for rule in moving if rule not in texts] == []
    assert set(EVERYWHERE) <= set(moving)


def test_the_text_names_every_state_reason_and_row(documents):
    text = documents[draw_states.DOCS / "states.md"]
    named = [s.label for s in NodeState] + [r.label for r in Reason]
    named += [f"`{row.rule}`" for row in ROWS]
    assert [name for name in named if name not in text] == []


def test_a_way_home_is_told_for_every_pair_and_ends_there(graph):
    for joint, ways in ways_by_pair(graph).items():
        assert ways, joint
        for way in ways:
            through = [states for leg in way for states in leg.through]
            assert through[-1:] == [reach.HOME] or joint == reach.HOME
