"""Certificates once, a fresh lab for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

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
    try:
        yield lab
    finally:
        await lab.close()


@pytest.fixture
async def node(lab: Lab) -> Agent:
    """The agent of imp1, its services running, without a goal."""
    return await lab.started()


@pytest.fixture
async def pair(lab: Lab) -> tuple[Agent, Agent]:
    """The agents of imp1 and imp2, without goals."""
    first, second = lab.agent("imp1"), lab.agent("imp2")
    await asyncio.gather(first.start(), second.start())
    return first, second


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, certificates: Path
) -> AsyncIterator[Agent]:
    """One agent for a whole module of questions that leave it as it is."""
    lab = Lab(tmp_path_factory.mktemp("shared"), certificates)
    try:
        yield await lab.started()
    finally:
        await lab.close()
