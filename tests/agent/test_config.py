from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prg_admin.agent.config import ConfigError, load

GOOD = """
name = "imp1"
version = "14.0.1"
listen_host = "127.0.0.1"
listen_port = 22101
state_dir = "imp1"
engine_url = "http://127.0.0.1:8000"
key_file = "imp1/key"
[tls]
ca = "ca.crt"
cert = "imp1/tls.crt"
key = "/keys/tls.key"
[door]
service = "Router"
[[services]]
name = "Router"
driver = "process"
command = ["{python}", "-m", "router"]
"""


def read(folder: Path, text: str):
    file = folder / "node.toml"
    file.write_text(text)
    return load(file)


def test_a_good_file(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert config.state_dir == tmp_path / "imp1"
    assert config.tls.key == Path("/keys/tls.key")
    assert config.services[0].command == (sys.executable, "-m", "router")
    assert config.door_service == "Router"


def test_a_node_without_a_door(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD.replace('[door]\nservice = "Router"\n', "")).door_service is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version = ", "verzion = ", '"version" is missing.'),
        ("[tls]", "colour = 1\n[tls]", '"colour" is not a known key.'),
        ("ca =", 'extra = "x"\nca =', '"tls.extra" is not a known key.'),
        ("22101", '"22101"', "\"listen_port\" must be a whole number from 1 to 65535, not '22101'"),
        ("22101", "70000", '"listen_port" must be a whole number from 1 to 65535, not 70000.'),
        ("22101", "true", '"listen_port" must be a whole number from 1 to 65535, not True.'),
        ('"imp1"\nversion', '""\nversion', '"name" must be a text that is not empty'),
        ("http://", "ftp://", '"engine_url" must begin with http:// or https://'),
        ('service = "Router"', 'service = "Door"', '"door.service" must be one of the services'),
        ('"process"', '"systemd"', "\"services[0].driver\" must be one of: process; not 'systemd'"),
        ('["{python}", "-m", "router"]', '"router"', '"services[0].command" must be a list'),
        ("[tls]", "[tls", "is not valid TOML"),
        ("[[services]]", "[services]", '"services" must be a list of tables'),
        (
            'driver = "process"',
            'driver = "process"\nstop_timeout_s = -1',
            '"services[0].stop_timeout_s" must be a number of seconds from 0 to 86400, not -1.',
        ),
    ],
)
def test_one_sentence_names_the_key_and_the_rule(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert sentence in str(refusal.value)
    assert str(tmp_path / "node.toml") in str(refusal.value)


def test_two_services_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not name the same service twice"):
        read(tmp_path, GOOD + GOOD[GOOD.index("[[services]]") :])


@pytest.mark.parametrize("key", [None, "  \n"])
def test_a_missing_or_empty_key_is_refused(tmp_path: Path, key: str | None) -> None:
    config = read(tmp_path, GOOD)
    if key is not None:
        config.key_file.parent.mkdir()
        config.key_file.write_text(key)
    with pytest.raises(ConfigError, match="The key file"):
        config.read_key()


def test_a_refused_file_is_exit_code_2_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "prg_admin.agent", "--config", str(tmp_path / "none.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"The configuration {tmp_path / 'none.toml'} cannot be read")
    assert done.stderr.count("\n") == 1


def test_the_agent_stands_alone() -> None:
    code = "import sys, prg_admin.agent.run; print({'django', 'celery'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


DATABASE = '[database]\nurl_file = "imp1/database.url"\npublisher = false\n'


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "imp1"
    folder.mkdir()
    for name in ("database.url", "publisher.url"):
        (folder / name).write_text("dbname=imp1")
        (folder / name).chmod(0o600)
    return folder


def test_a_node_without_a_database(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).database is None


def test_a_database(tmp_path: Path, secrets: Path) -> None:
    more = 'publisher_url_file = "imp1/publisher.url"\ninterval_s = 0.5\n'
    database = read(tmp_path, GOOD + DATABASE + more).database
    assert database is not None
    assert database.url_file == secrets / "database.url"
    assert database.publisher_url_file == secrets / "publisher.url"
    assert (database.publisher, database.interval_s) == (False, 0.5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("publisher = 1", '"database.publisher" must be true or false, not 1.'),
        ('publisher = true\nurl = "dbname=x"', '"database.url_file" is missing.'),
        (f"{DATABASE[11:]}interval_s = 0.1", '"database.interval_s" must be at least 0.2 seconds.'),
        (f"{DATABASE[11:]}url = 1", '"database.url" is not a known key.'),
        ('publisher = true\nurl_file = "gone"', "which cannot be read: No such file"),
        (
            (
                'publisher = true\nurl_file = "imp1/database.url"\n'
                'publisher_url_file = "imp1/publisher.url"'
            ),
            '"database.publisher_url_file" is not for the publisher itself.',
        ),
    ],
)
def test_a_database_that_is_refused(
    tmp_path: Path, secrets: Path, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"{GOOD}[database]\n{text}\n")
    assert sentence in str(caught.value)


def test_a_password_that_others_may_read_is_refused(tmp_path: Path, secrets: Path) -> None:
    (secrets / "database.url").chmod(0o640)
    with pytest.raises(ConfigError, match=r"others than its owner may read \(mode 0600\)"):
        read(tmp_path, GOOD + DATABASE)
