"""What is refused before anything is started, each in one sentence."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from prg_admin.launcher import config, installation
from prg_admin.launcher.config import Config
from prg_admin.launcher.output import RefusalError
from prg_admin.launcher.spawn import free_port
from tests.launcher.launched import Launched


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80 ", "٨٠"])
def test_a_port_that_is_none_is_refused_with_its_value(text: str):
    with pytest.raises(RefusalError, match=f"PORT must be a number from 1 to 65535, not '{text}'"):
        config.read({"PORT": text})


def test_without_variables_the_defaults_hold():
    chosen = config.read({})
    assert (chosen.port, chosen.var) == (8000, config.ROOT / "var")
    assert chosen.no_restart == frozenset()


def test_names_that_shall_stay_down_are_read_with_blanks_or_commas():
    assert config.read({"PRG_NO_RESTART": "worker, beat"}).no_restart == {"worker", "beat"}


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RefusalError, match=r"PRG_VAR_DIR=.*/file/var cannot be written"):
        config.check_folder(tmp_path / "file" / "var")


def test_an_existing_folder_keeps_its_mode(tmp_path: Path):
    tmp_path.chmod(0o750)
    config.check_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o750


def test_a_new_folder_is_for_its_owner_only(tmp_path: Path):
    config.check_folder(tmp_path / "var")
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_taken_port_is_refused_with_a_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RefusalError, match=rf"Port {port} is taken; .*PORT=\d+ make run"):
            config.check_port(port)


def test_secrets_are_made_once_and_kept(tmp_path: Path):
    chosen = Config(var=tmp_path, port=8000)
    first = installation.with_secrets(chosen, {})
    installation.write(chosen, first)
    assert installation.with_secrets(chosen, installation.read(chosen)) == first
    assert (tmp_path / installation.FILE).stat().st_mode & 0o777 == 0o600


def test_a_given_key_is_taken(tmp_path: Path):
    chosen = Config(var=tmp_path, port=8000, secret_key="given")
    assert installation.with_secrets(chosen, {"secret_key": "old"})["secret_key"] == "given"


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_broken_file_of_the_installation_is_named(tmp_path: Path, text: str):
    (tmp_path / installation.FILE).write_text(text)
    with pytest.raises(RefusalError, match=r"installation\.json"):
        installation.read(Config(var=tmp_path, port=8000))


def test_a_held_installation_is_refused_with_the_holder(tmp_path: Path):
    chosen = Config(var=tmp_path, port=free_port())
    with installation.checked(chosen), pytest.raises(RefusalError, match="runs already"):
        installation.refuse_early(chosen)
    installation.refuse_early(chosen)


@pytest.mark.processes
def test_a_person_sees_one_sentence_and_no_traceback(tmp_path: Path):
    (tmp_path / "file").touch()
    said = Launched(tmp_path / "file" / "var").with_output(tmp_path / "out").refused()
    assert said.count("\n") == 1
    assert "cannot be written (Not a directory)" in said


@pytest.mark.processes
def test_an_order_without_an_installation_says_so(tmp_path: Path):
    done = Launched(tmp_path).order("status")
    assert done.returncode == 2
    assert done.stderr.startswith(f"No installation runs in {tmp_path}; start one with 'make run'")
