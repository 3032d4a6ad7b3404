"""Histories kept in files are judged as they were when they happened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from prg_admin.domain.invariants import Decided
from tests.soak import checker
from tests.soak.__main__ import Histories, lived
from tests.soak.checker import Served


@pytest.fixture
def histories(tmp_path: Path) -> Histories:
    return Histories(tmp_path, 3)


def test_a_kept_history_is_read_as_it_was(histories: Histories, tmp_path: Path):
    history, broken = lived(3)
    histories.keep(3, history, broken)
    ((title, life),) = checker.read(tmp_path / "model-3-0.jsonl.gz")
    assert '"seed": 3' in title
    assert [checker.to_json(r) for r in life] == [checker.to_json(r) for r in history]


def test_good_histories_are_good_to_the_checker(histories: Histories, tmp_path: Path, capsys):
    for seed in range(3):
        histories.keep(seed, *lived(seed))
    assert checker.main([str(tmp_path / "model-3-0.jsonl.gz")]) == 0
    assert "3 lives" in capsys.readouterr().out


def test_a_history_in_which_somebody_is_served_twice_is_told(histories, capsys):
    history, _ = lived(3)
    both = (frozenset({"a"}), frozenset({"a", "b"}))
    histories.keep(3, [*history, Served(1.0, both)], ["I01"])
    assert checker.main([str(histories.broken)]) == 1
    assert "I01 broken" in capsys.readouterr().out


def test_a_history_that_does_not_replay_is_told(histories: Histories, capsys):
    history, _ = lived(3)
    place = next(i for i, record in enumerate(history) if isinstance(record, Decided))
    other = replace(history[place].decision, rule="silent")
    history[place] = replace(history[place], decision=other)
    histories.keep(3, history, ["I18"])
    assert checker.main([str(histories.broken)]) == 1
    assert "I18 broken" in capsys.readouterr().out
