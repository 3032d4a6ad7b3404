from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prg_admin.agent import processes
from prg_admin.agent.processes import ProcessId, identify
from prg_admin.agent.store import State, Store
from prg_admin.agent.work import with_goal
from prg_admin.domain.states import Role
from tests.agent.lab import goal


async def filled(folder: Path) -> Store:
    store = Store(folder)
    await store.change(lambda state: with_goal(state, goal(Role.OWN, 4), ("A", "B")))
    await store.want({"B": False})
    await store.record("A", ProcessId(77, 4711))
    return store


async def test_what_was_written_is_read(tmp_path: Path) -> None:
    store = await filled(tmp_path)
    again = Store(tmp_path)
    again.load()
    assert again.state == store.state
    assert again.state.goal == goal(Role.OWN, 4)
    assert again.state.processes == {"A": ProcessId(77, 4711)}


async def test_a_crash_before_the_rename_leaves_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await filled(tmp_path)

    def crash(self: Path, target: Path) -> None:
        assert self.exists()
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(OSError, match="power cut"):
            await store.change(lambda state: with_goal(state, goal(Role.BOTH, 5), ()))
    again = Store(tmp_path)
    again.load()
    assert again.state == store.state
    assert again.state.highest_epoch == 4


async def test_a_crash_in_the_middle_of_writing_leaves_the_old_state(tmp_path: Path) -> None:
    store = await filled(tmp_path)
    (tmp_path / "state.json.tmp").write_text('{"form')
    again = Store(tmp_path)
    again.load()
    assert again.state == store.state


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', "\x00\x01", '{"format": 1, "goal": {"node": 1}}']
)
def test_a_damaged_file_is_kept_aside(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    store = Store(tmp_path)
    store.load()
    assert store.state == State()
    (aside,) = tmp_path.glob("state.json.bad-*")
    assert aside.read_text() == text


async def test_the_highest_epoch_outlives_a_goal_of_the_same_epoch(tmp_path: Path) -> None:
    store = await filled(tmp_path)
    await store.change(lambda state: with_goal(state, goal(Role.IDLE, 9), ("A", "B")))
    assert store.state.wanted == {"A": False, "B": False}
    await store.change(lambda state: with_goal(state, goal(Role.OWN, 9), ("A", "B")))
    assert store.state.wanted == {"A": True, "B": True}
    assert store.state.highest_epoch == 9


def test_a_process_with_a_strange_name_is_identified() -> None:
    code = "open('/proc/self/comm', 'w').write('a) R (b'); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = identify(process.pid)
        assert found is not None
        assert found.pid == process.pid
        process.kill()
    assert identify(process.pid) is None


def test_a_process_that_took_over_the_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "100"]) as process:
        found = identify(process.pid)
        assert found is not None
        earlier = ProcessId(found.pid, found.started - 1)
        assert processes.fence([earlier], mark="no such mark") == []
        assert process.poll() is None
        assert processes.fence([found], mark="no such mark") == [process.pid]
