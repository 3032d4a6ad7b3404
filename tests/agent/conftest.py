"""Certificates once, a fresh lab for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from prg_admin.topology import pki
from tests.agent.lab import Agent, Lab


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    pki.ensure_authority(folder)
    for name in ("imp1", "imp2", "imp3"):
        pki.issue(folder, name, folder / f"{name}.crt", folder / f"{name}.key")
    return folder


@pytest.fixture
async def lab(tmp_path: Path, certificates: Path) -> AsyncIterator[Lab]:
    lab = Lab(tmp_path, certificates)
    await lab.engine.open()
    yield lab
    await lab.close()


@pytest.fixture
async def node(lab: Lab) -> Agent:
    """The agent of imp1, its services running, without a goal."""
    return await lab.started()
