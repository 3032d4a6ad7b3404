"""The supervisor with small processes, each time in a process of its own: it adopts orphans."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from prg_admin.launcher.config import ROOT
from prg_admin.launcher.spawn import wait_until
from prg_admin.launcher.supervisor import ending

FRAME = """
import asyncio, json, os, signal, subprocess, sys
from pathlib import Path
from prg_admin.launcher import supervisor
from prg_admin.launcher.output import RefusalError
from prg_admin.launcher.supervisor import Spec, Supervisor

here = Path(sys.argv[1])

def shell(name, text, **more):
    return Spec(name=name, command=lambda: ["sh", "-c", text], **more)

async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)

async def main(boss):
    boss.watch()
{body}

asyncio.run(main(Supervisor(log=here, table=here / "table.json")))
"""


def supervise(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    script = FRAME.replace("{body}", "\n".join(f"    {line}" for line in body.splitlines()))
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def test_a_process_that_keeps_dying_is_started_later_and_later(tmp_path: Path):
    said = supervise(
        tmp_path,
        'supervisor.FIRST_DELAY = 0.01; supervisor.LONGEST_DELAY = 0.04\n'
        'child = boss.start(shell("weak", "exit 3"))\n'
        "await until(lambda: child.restarts > 4)\n"
        "await boss.stop_all()",
    ).stdout  # fmt: skip
    delays = [line.split()[-2] for line in said.splitlines() if "starting it again" in line]
    assert delays[:5] == ["0.01", "0.02", "0.04", "0.04", "0.04"]
    assert "weak ended (exit code 3)" in said


def test_processes_end_rank_by_rank(tmp_path: Path):
    text = "trap 'echo {0} >> order; exit' TERM; touch up{0}; while :; do sleep 0.05; done"
    supervise(
        tmp_path,
        f"for name in '201':\n"
        f"    text = 'cd ' + str(here) + {text!r}.format(name).join([';', ''])\n"
        f"    boss.start(shell(name, text, rank=int(name)))\n"
        f"await until(lambda: len(list(here.glob('up*'))) == 3)\n"
        f"await boss.stop_all()",
    )
    assert (tmp_path / "order").read_text().split() == ["0", "1", "2"]
    assert not (tmp_path / "table.json").exists()


def test_a_process_that_does_not_end_in_its_time_is_killed(tmp_path: Path):
    said = supervise(
        tmp_path,
        "text = 'trap \"\" TERM; touch ' + str(here / 'up') + '; while :; do sleep 0.05; done'\n"
        "child = boss.start(shell('deaf', text, stop_seconds=0.1))\n"
        "await until((here / 'up').exists)\n"
        "await boss.stop_all()\n"
        "assert child.process.returncode == -9",
    ).stdout
    assert "deaf does not end within 0.1 s; killing it" in said


def test_orphans_end_with_the_supervisor(tmp_path: Path):
    supervise(
        tmp_path,
        "text = 'setsid sleep 600 & echo $! > ' + str(here / 'orphan')\n"
        "await boss.run_once(shell('parent', text))\n"
        "await boss.stop_all()",
    )
    orphan = (tmp_path / "orphan").read_text().strip()
    assert not Path("/proc", orphan).exists()


def test_dead_orphans_do_not_stay_as_zombies(tmp_path: Path):
    supervise(
        tmp_path,
        "text = 'sleep 0.2 & echo $! > ' + str(here / 'orphan')\n"
        "await boss.run_once(shell('parent', text))\n"
        "orphan = (here / 'orphan').read_text().strip()\n"
        "await until(lambda: not Path('/proc', orphan).exists())",
    )


def test_a_command_that_fails_refuses_with_its_last_words(tmp_path: Path):
    said = supervise(
        tmp_path,
        "try:\n"
        "    await boss.run_once(shell('step', 'echo no such table; exit 1'))\n"
        "except RefusalError as error:\n"
        "    print(error)",
    ).stdout
    assert f"step failed: no such table (see {tmp_path}/step.log)" in said


def test_the_table_names_what_runs(tmp_path: Path):
    said = supervise(
        tmp_path,
        "boss.start(shell('gone', 'exit 0', restart=False))\n"
        "child = boss.start(shell('there', 'sleep 600'))\n"
        "await until(boss.children['gone'].ended.is_set)\n"
        "print((here / 'table.json').read_text(), child.process.pid)\n"
        "await boss.stop_all()",
    ).stdout
    table, _, pid = said.rpartition("}")
    assert json.loads(table + "}") == {"there": int(pid)}


def test_a_process_ends_when_its_supervisor_is_killed(tmp_path: Path):
    script = FRAME.replace(
        "{body}",
        "    child = boss.start(shell('long', 'exec sleep 600'))\n"
        "    (here / 'pid').write_text(str(child.process.pid))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)",
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    pid = (tmp_path / "pid").read_text()
    assert wait_until(lambda: not Path("/proc", pid).exists(), seconds=20)


@pytest.mark.parametrize(("code", "words"), [(-9, "killed by SIGKILL"), (3, "exit code 3")])
def test_the_end_of_a_process_in_words(code: int, words: str):
    assert ending(code) == words
