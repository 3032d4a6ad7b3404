"""A launcher as a person starts it, its words, and the processes that are there because of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from prg_admin.launcher.config import ROOT
from prg_admin.launcher.spawn import free_port, wait_until

RUN = (sys.executable, "-m", "prg_admin.launcher", "run")
START_SECONDS = 120.0
END_SECONDS = 40.0
SERVERS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")


class Launched:
    def __init__(self, var: Path, *, port: int = 0, **env: str) -> None:
        self.var = var
        self.port = port or free_port()
        self.output = var.with_name(f"{var.name}.out")
        own = {"PORT": str(self.port), "PRG_VAR_DIR": str(var)}
        self.env = {key: value for key, value in os.environ.items() if key not in SERVERS}
        self.env |= own | env
        self.process: subprocess.Popen[bytes] | None = None

    def with_output(self, file: Path) -> Launched:
        self.output = file
        return self

    def start(self, command: tuple[str, ...] = RUN, root: Path = ROOT, user: str | None = None):
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=root, env=self.env, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                user=user, group="nogroup" if user else None,
            )  # fmt: skip

    def bring_up(self, *, seconds: float = START_SECONDS, **how: object) -> None:
        self.start(**how)
        wait_until(lambda: "Ready:" in self.text or self.code is not None, seconds=seconds)
        assert "Ready:" in self.text, self.text

    def refused(self) -> str:
        """Start what cannot start; returns what was said, after the exit code 2."""
        self.start()
        assert self.process is not None
        assert self.process.wait(END_SECONDS) == 2, self.text
        return self.text

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def code(self) -> int | None:
        return self.process.poll() if self.process else None

    def said(self, text: str) -> bool:
        return wait_until(lambda: text in self.text, seconds=END_SECONDS)

    def pids(self) -> Mapping[str, int]:
        table: dict[str, int] = json.loads((self.var / "run" / "processes.json").read_text())
        return table

    def order(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "prg_admin.launcher", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, check=False, capture_output=True, text=True
        )

    def launcher_pid(self) -> int:
        return int((self.var / "run" / "lock").read_text())

    def send(self, number: signal.Signals) -> None:
        os.kill(self.launcher_pid(), number)

    def ended(self) -> bool:
        return wait_until(lambda: self.code is not None, seconds=END_SECONDS)

    def clean_up(self) -> None:
        if self.process is not None and self.code is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            if not self.ended():
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def page(self) -> int:
        """HTTP status of the login page, 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/login/") as answer:
                return int(answer.status)
        except urllib.error.URLError:
            return 0

    def left(self) -> list[str]:
        """Command lines of processes of this installation, by environment, arguments or folder."""
        here = str(self.var)
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            if int(folder.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                # PostgreSQL writes its title over its environment; its folder tells.
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                marks = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
                inside = str((folder / "cwd").readlink()).startswith(here)
                if f"PRG_VAR_DIR={here}" in marks or here in words or inside:
                    found.append(f"{folder.name} {words}")
        return found

    def leaves_nothing(self) -> bool:
        return wait_until(lambda: not self.left(), seconds=END_SECONDS)
