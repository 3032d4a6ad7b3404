"""Gives a node's agent what it needs: a key to call in with, a certificate, and its file.

The key is shown to nobody: its file is readable by its owner only, the database keeps its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from prg_admin.domain.states import DEMO_SERVICES, XCP_ROUTER
from prg_admin.topology import pki
from prg_admin.topology.models import Node


@dataclass(frozen=True, slots=True)
class NodeDatabase:
    """Addresses as PostgreSQL reads them, with the node's own user and password."""

    url: str
    publisher_url: str | None
    """None for the publisher itself."""


def node_enrol(
    *,
    node: Node,
    version: str,
    client_port: int,
    engine_url: str,
    folder: Path,
    pki_dir: Path,
    database: NodeDatabase | None = None,
) -> Path:
    """Writes ``<folder>/<name>.toml`` and what it names; keeps key and certificate that exist.

    ``client_port`` is where the node's clients log in, on the node's own address.
    """
    own = folder / node.name
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    pki.ensure_authority(pki_dir)
    if not (own / "tls.crt").exists():
        pki.issue(pki_dir, node.name, own / "tls.crt", own / "tls.key")
    _ensure_key(node, own / "key")
    path = folder / f"{node.name}.toml"
    text = _file(node, version, client_port, engine_url, pki_dir)
    if database is not None:
        text += _database(node, database, own)
    path.write_text(text)
    return path


def _database(node: Node, database: NodeDatabase, own: Path) -> str:
    is_publisher = database.publisher_url is None
    lines = ["", "# The node's own database, and what is replicated to it.", "[database]"]
    lines += [f"publisher = {str(is_publisher).lower()}", f'url_file = "{node.name}/database.url"']
    _write_secret(own / "database.url", database.url)
    if database.publisher_url is not None:
        lines.append(f'publisher_url_file = "{node.name}/publisher.url"')
        _write_secret(own / "publisher.url", database.publisher_url)
    return "\n".join([*lines, ""])


def _write_secret(path: Path, text: str) -> None:
    """Never half written for an agent that reads meanwhile."""
    draft = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
    draft.replace(path)


def _ensure_key(node: Node, path: Path) -> None:
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    node.key_hash = hashlib.sha256(path.read_text().strip().encode()).hexdigest()
    node.save(update_fields=["key_hash"])


def _file(node: Node, version: str, client_port: int, engine_url: str, pki_dir: Path) -> str:
    lines = [
        f"name = {_text(node.name)}",
        f"version = {_text(version)}",
        f"listen_host = {_text(node.address)}",
        f"listen_port = {node.port}",
        f"state_dir = {_text(node.name)}",
        f"engine_url = {_text(engine_url)}",
        f"key_file = {_text(f'{node.name}/key')}",
        "",
        "[tls]",
        f"ca = {_text(str(pki_dir.absolute() / 'ca.crt'))}",
        f"cert = {_text(f'{node.name}/tls.crt')}",
        f"key = {_text(f'{node.name}/tls.key')}",
        "",
        "# The service that admits clients, and for whose users.",
        "[door]",
        f"service = {_text(XCP_ROUTER)}",
        "",
        "# In start order. Each command is a real process that the agent supervises.",
    ]
    for name in DEMO_SERVICES:
        lines += ["", "[[services]]", f"name = {_text(name)}", 'driver = "process"']
        lines.append(f"command = {_command(name, node.address, client_port)}")
    return "\n".join([*lines, ""])


def _command(service: str, address: str, client_port: int) -> str:
    words = ["{python}", "-m", "prg_admin.agent.demo.service", service]
    if service == XCP_ROUTER:
        words[2:] = ["prg_admin.agent.demo.router", "--listen", f"{address}:{client_port}"]
    return "[" + ", ".join(map(_text, words)) + "]"


def _text(value: str) -> str:
    """As TOML writes it: a basic string has the escapes of JSON, and one more character to hide."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
