"""I16: whatever has happened, no secret of the installation stands where somebody reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from tests.scenarios.installation import PASSWORD, Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person

pytestmark = pytest.mark.processes

SHORTEST = 8
"""Shorter words stand in any text."""
PAGES = (
    "/", "/system/servers/", "/system/presence-redundancy-groups/", "/system/service-parameters/",
    "/system/enterprise-parameters/", "/admin/", "/admin/topology/nodereport/",
    "/admin/recovery/event/", "/admin/audit/entry/", "/nowhere/", "/recovery/events/1/recording/",
    "/recovery/events/1/",
)  # fmt: skip
TABLES = "select table_name from information_schema.tables where table_schema = 'public'"


def secrets_of(installation: Installation) -> dict[str, str]:
    """By what they are for; keys by a line from their middle, so that a part of one is found."""
    written = json.loads((installation.var / "installation.json").read_text())
    found = {"secret key": written["secret_key"], "password": PASSWORD}
    for name in ("database_url", "redis_url"):
        found[name] = urlsplit(written[name]).password or ""
    for file in installation.var.glob("nodes/*/*.url"):
        found[str(file)] = urlsplit(file.read_text().strip()).password or ""
    for file in installation.var.glob("nodes/*/key"):
        found[str(file.relative_to(installation.var))] = file.read_text().strip()
    for file in (*installation.var.glob("pki/*.key"), *installation.var.glob("nodes/*/*.key")):
        found[str(file.relative_to(installation.var))] = file.read_text().splitlines()[1]
    return {name: secret for name, secret in found.items() if len(secret) >= SHORTEST}


def texts(installation: Installation, person: Person) -> Iterator[tuple[str, str]]:
    """All that is read by people or kept for them."""
    for log in (*installation.var.glob("log/*"), installation.var / "launcher.log"):
        yield log.name, log.read_text(errors="replace")
    for log in installation.var.glob("nodes/*/log/*"):
        yield str(log), log.read_text(errors="replace")
    for row in installation.query(TABLES):
        table = row["table_name"]
        rows = installation.query(f'select t::text as line from "{table}" t')  # noqa: S608
        yield table, "\n".join(row["line"] for row in rows)
    for page in PAGES:
        yield page, _read(person, page)
    yield (
        "command line",
        "\n".join(
            path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for pid in installation.pids().values()
            if (path := Path(f"/proc/{pid}/cmdline")).exists()
        ),
    )


def _read(person: Person, page: str) -> str:
    try:
        return person.get(page)
    except HTTPError as error:  # error pages are read as well
        return error.read().decode()


def leaks(installation: Installation, person: Person) -> list[str]:
    wanted = secrets_of(installation)
    pattern = re.compile("|".join(re.escape(secret) for secret in wanted.values()))
    return [place for place, text in texts(installation, person) if pattern.search(text)]


def test_i16_after_a_failover_and_its_errors_no_secret_can_be_read(
    installation: Installation, pair: WatchedPair, person: Person
):
    installation.kill_service("imp1")
    pair.becomes(
        "Failed Over with Critical Services Not Running",
        "Running in Backup Mode",
        reason="Critical Service Down",
    )
    installation.restart("imp1")
    assert len(secrets_of(installation)) > 12
    assert leaks(installation, person) == []


def test_i16_red_when_a_key_is_logged(installation: Installation, person: Person):
    log = installation.var / "log" / "seeded.log"
    key = next(installation.var.glob("nodes/*/key")).read_text().strip()
    log.write_text(f"call-in refused: Bearer {key}\n")
    try:
        assert leaks(installation, person) == ["seeded.log"]
    finally:
        log.unlink()
