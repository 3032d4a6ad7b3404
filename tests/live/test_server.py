"""The web process looks for garbage as seldom as the engine's."""

from __future__ import annotations

import uvicorn

from prg_admin.lib import garbage
from prg_admin.live.server import Server


async def test_what_was_loaded_is_not_looked_through_again(monkeypatch):
    happened: list[str] = []

    async def startup(_self: uvicorn.Server, _sockets: object = None) -> None:
        happened.append("serves")

    monkeypatch.setattr(uvicorn.Server, "startup", startup)
    monkeypatch.setattr(garbage, "seldom", lambda: happened.append("settles"))
    await Server(uvicorn.Config("unused")).startup()
    assert happened == ["settles", "serves"]
