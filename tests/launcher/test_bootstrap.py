"""Packages are installed when the pinned versions changed, and only then."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prg_admin.launcher import bootstrap
from prg_admin.launcher.output import RefusalError


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with its environment, made without the network."""
    root = tmp_path_factory.mktemp("tree")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "ROOT", root)
        patch.setattr(bootstrap, "VENV", root / ".venv")
        patch.setattr(bootstrap, "PYTHON", root / ".venv" / "bin" / "python")
        patch.setenv("PIP_NO_INDEX", "1")
        (root / "requirements.txt").write_text("# nothing\n")
        bootstrap.ensure("requirements.txt")
        yield root


@pytest.fixture(autouse=True)
def installed(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "requirements.txt").write_text("# nothing\n")
    bootstrap.ensure("requirements.txt")
    capsys.readouterr()


def test_what_is_installed_is_not_installed_again(tree: Path, capsys: pytest.CaptureFixture[str]):
    assert bootstrap.ensure("requirements.txt") == tree / ".venv" / "bin" / "python"
    assert capsys.readouterr().out == ""


def test_changed_requirements_are_installed_again(tree: Path, capsys: pytest.CaptureFixture[str]):
    (tree / "requirements.txt").write_text("# nothing else\n")
    bootstrap.ensure("requirements.txt")
    said = capsys.readouterr().out
    assert "Installing the packages of requirements.txt" in said
    assert "Creating" not in said


def test_a_package_that_cannot_be_had_is_named_and_tried_again(tree: Path):
    (tree / "requirements.txt").write_text("no-such-package-of-ours==1\n")
    for _ in range(2):
        with pytest.raises(RefusalError, match=r"cannot be installed: .*no-such-package-of-ours"):
            bootstrap.ensure("requirements.txt")


def test_a_broken_environment_is_made_anew(tree: Path, capsys: pytest.CaptureFixture[str]):
    python = bootstrap.PYTHON
    python.unlink()
    python.symlink_to("/nowhere/python")
    bootstrap.ensure("requirements.txt")
    assert "Creating the virtual environment" in capsys.readouterr().out
    assert python.resolve() == Path(sys.executable).resolve()
