"""Talk to a running launcher: one JSON line each way over a Unix socket in ``PRG_VAR_DIR/run``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from prg_admin.launcher.config import Config
from prg_admin.launcher.output import RefusalError

NAME = "control"
ANSWER_SECONDS = 60.0
Handler = Callable[[str, str], Awaitable[str]]
"""Takes verb and process name, returns a sentence; raises a refusal."""


def ask(config: Config, verb: str, name: str) -> str:
    """Send one order to the launcher and return its answer."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(ANSWER_SECONDS)
        try:
            _in_folder(config.run, link.connect)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise RefusalError(
                f"No installation runs in {config.var}; start one with 'make run', "
                "or name its folder with PRG_VAR_DIR."
            ) from error
        except PermissionError as error:
            raise RefusalError(f"The installation in {config.var} is somebody else's.") from error
        link.sendall(json.dumps({"verb": verb, "name": name}).encode() + b"\n")
        with link.makefile() as lines:
            answer = json.loads(lines.readline() or '{"error": "The launcher is stopping."}')
    if "error" in answer:
        raise RefusalError(answer["error"])
    return str(answer["text"])


async def serve(config: Config, handle: Handler) -> asyncio.Server:
    """Listen for orders until the server is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            try:
                order = json.loads(await reader.readline())
                reply = {"text": await handle(order["verb"], order["name"])}
            except RefusalError as error:
                reply = {"error": str(error)}
            except (ValueError, KeyError, TypeError):
                reply = {"error": "The launcher takes JSON with verb and name."}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()

    # The lock is ours, so a socket that lies here belongs to nobody any more.
    (config.run / NAME).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    _in_folder(config.run, listener.bind)
    return await asyncio.start_unix_server(answer, sock=listener)


def _in_folder(folder: Path, act: Callable[[str], None]) -> None:
    """The path of a socket may hold 107 bytes only, so it is named from within its folder."""
    with contextlib.chdir(folder):
        act(NAME)
