"""What a node's agent is given: its file, its key, its certificate."""

from __future__ import annotations

import hashlib
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from prg_admin.agent.config import load
from prg_admin.domain.states import DEMO_SERVICES, XCP_ROUTER
from prg_admin.topology.enrolment import NodeDatabase, node_enrol
from prg_admin.topology.models import Node
from tests.factories import create_node

pytestmark = pytest.mark.django_db


def enrol(node: Node, folder: Path, **changes: Any) -> Path:
    values: dict[str, Any] = {
        "version": "15.0.1", "client_port": 5222, "engine_url": "http://127.0.0.1:8000",
        "folder": folder / "nodes", "pki_dir": folder / "pki",
    }  # fmt: skip
    return node_enrol(node=node, **values | changes)


def test_the_agent_understands_its_file(tmp_path: Path):
    node = create_node("imp1", address="127.0.0.2", port=9001)
    config = load(enrol(node, tmp_path))
    assert (config.name, config.version) == ("imp1", "15.0.1")
    assert (config.listen_host, config.listen_port) == ("127.0.0.2", 9001)
    assert config.engine_url == "http://127.0.0.1:8000"
    assert tuple(service.name for service in config.services) == DEMO_SERVICES
    assert config.door_service == XCP_ROUTER
    assert config.services[0].command[-1] == "127.0.0.2:5222"
    assert config.database is None


def test_what_the_file_names_is_there(tmp_path: Path):
    config = load(enrol(create_node("imp1"), tmp_path))
    for path in (config.tls.ca, config.tls.cert, config.tls.key, config.key_file):
        assert path.is_file()
    assert config.state_dir.is_dir()


def test_the_database_keeps_the_keys_digest_alone(tmp_path: Path):
    node = create_node("imp1")
    key = load(enrol(node, tmp_path)).read_key()
    node.refresh_from_db()
    assert node.key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert len(key) >= 32


def test_secrets_are_their_owners_alone(tmp_path: Path):
    database = NodeDatabase(url="postgresql://u:p@h/one", publisher_url="postgresql://u:p@h/two")
    path = enrol(create_node("imp1"), tmp_path, database=database)
    own = path.parent / "imp1"
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    for name in ("key", "tls.key", "database.url", "publisher.url"):
        assert stat.S_IMODE((own / name).stat().st_mode) == 0o600
    assert ":p@" not in path.read_text()


@pytest.mark.parametrize("publisher_url", [None, "postgresql://u:p@h/two"])
def test_a_node_with_a_database_knows_where_it_is(tmp_path: Path, publisher_url: str | None):
    database = NodeDatabase(url="postgresql://u:p@h/one", publisher_url=publisher_url)
    config = load(enrol(create_node("imp1"), tmp_path, database=database))
    assert config.database is not None
    assert config.database.url_file.read_text().strip() == "postgresql://u:p@h/one"
    assert config.database.publisher is (publisher_url is None)


def test_enrolled_again_key_and_certificate_stay(tmp_path: Path):
    node = create_node("imp1")
    own = enrol(node, tmp_path).parent / "imp1"
    before = {name: (own / name).read_bytes() for name in ("key", "tls.key", "tls.crt")}
    config = load(enrol(node, tmp_path, version="15.0.2"))
    assert {name: (own / name).read_bytes() for name in before} == before
    assert config.version == "15.0.2"


def test_any_folder_and_any_version_can_be_written(tmp_path: Path):
    odd = tmp_path / 'a "b" \\c\u007f表'
    config = load(enrol(create_node("imp1"), odd, version='1 "x"\t\\'))
    assert config.version == '1 "x"\t\\'
    assert config.tls.ca == odd / "pki" / "ca.crt"
    assert config.tls.ca.is_file()


def test_a_relative_authority_is_found_from_the_file(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load(enrol(create_node("imp1"), tmp_path, pki_dir=Path("here")))
    assert config.tls.ca.is_file()


# The command.


def command(*words: str, folder: Path) -> str:
    out = StringIO()
    options = ("--node-version", "15", "--folder", str(folder))
    call_command("enrol_node", *words, *options, stdout=out)
    return out.getvalue()


GOOD = ("--engine-url", "https://admin.example/", "--client-port", "5222")


def test_the_command_says_how_to_start_the_agent(tmp_path: Path, settings):
    settings.PKI_DIR = tmp_path / "pki"
    create_node("imp1")
    path, start = command("IMP1", *GOOD, folder=tmp_path).splitlines()
    assert load(Path(path)).engine_url == "https://admin.example"
    assert start == f"Start the agent: python -m prg_admin.agent --config {path}"


def test_an_unknown_node_is_refused_with_those_that_are_known(tmp_path: Path):
    create_node("imp1")
    with pytest.raises(CommandError, match=r"no node 'imp9'\. Known nodes: imp1\."):
        command("imp9", *GOOD, folder=tmp_path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--engine-url", "admin.example", "--client-port", "5222"), "--engine-url must begin"),
        (("--engine-url", "http://x", "--client-port", "0"), "--client-port must be from 1"),
        (("--engine-url", "http://x", "--client-port", "65536"), "--client-port must be from 1"),
    ],
)
def test_what_no_agent_could_use_is_refused(tmp_path: Path, words, told: str):
    create_node("imp1")
    with pytest.raises(CommandError, match=told):
        command("imp1", *words, folder=tmp_path)
    assert not list(tmp_path.iterdir())
