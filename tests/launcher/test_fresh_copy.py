"""One command on a machine that has Python only, as an ordinary user, out of a closed folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prg_admin.launcher.config import ROOT
from tests.launcher.launched import Launched

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
USER = "nobody" if os.geteuid() == 0 else None
INSTALL_SECONDS = 400.0


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    """The project's files as a clone would have them."""
    folder = Path(tempfile.mkdtemp(prefix="prg-fresh-"))
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for path in [folder, *folder.rglob("*")] if USER else ():
        shutil.chown(path, USER)
    yield folder
    shutil.rmtree(folder)


def launched(tree: Path, **env: str) -> Launched:
    # Where an ordinary user finds Python and where pip may keep what it has fetched.
    house = Launched(tree / "var", PATH="/usr/local/bin:/usr/bin:/bin", HOME=str(tree), **env)
    house.output = tree.with_name(f"{tree.name}.out")
    return house


def test_make_run_comes_up_from_nothing_and_goes_down(tree: Path):
    assert tree.stat().st_mode & 0o777 == 0o700
    house = launched(tree)
    try:
        house.bring_up(command=("make", "run"), root=tree, user=USER, seconds=INSTALL_SECONDS)
        assert "Installing the packages" in house.text
        assert house.page() == 200
        assert {Path("/proc", str(p)).owner() for p in house.pids().values()} == {tree.owner()}
        house.send(signal.SIGTERM)
        assert house.ended()
        assert house.left() == []
    finally:
        house.clean_up()
        house.output.unlink()


def test_without_a_fitting_python_make_says_so(tree: Path):
    said = subprocess.run(
        ["make", "run", "PYTHON="], cwd=tree, check=False, capture_output=True, text=True
    )
    assert said.returncode == 2
    assert said.stderr.startswith("PRG Admin needs Python 3.11 or newer with its venv module")
