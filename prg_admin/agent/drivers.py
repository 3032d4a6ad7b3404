"""How a service is started and ended. One driver so far: ``process``, a child of the agent.

A driver knows nothing of goals or of what a service is for; it says when its process is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from prg_admin.agent.processes import ProcessId, identify

LOG_LIMIT = 4 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class DriverError(Exception):
    """The service could not be started; the text says why."""


class Driver(Protocol):
    """One service's process, started any number of times, one at a time."""

    @property
    def process(self) -> ProcessId | None:
        """The living process, None while there is none."""

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """What to write to and what to read from, for the service that is the door."""

    def start(self) -> asyncio.Future[int]:
        """Resolves to the exit status (negative: signal) at once when the process has ended.

        Raises :class:`DriverError`.
        """

    def stop(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it and everything it started."""


class ProcessDriver:
    """A child in a session of its own that dies with the agent, whatever ends the agent."""

    def __init__(
        self, command: Sequence[str], *, log: Path, env: Mapping[str, str], piped: bool
    ) -> None:
        self._command = tuple(command)
        self._log = log
        self._env = dict(env)
        self._piped = piped
        self._popen: subprocess.Popen[bytes] | None = None
        self._handle = -1
        self._exited: asyncio.Future[int] | None = None
        self.process: ProcessId | None = None

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._popen is None or self._popen.stdin is None or self._popen.stdout is None:
            raise DriverError("It has no pipes.")
        return self._popen.stdin, self._popen.stdout

    def start(self) -> asyncio.Future[int]:
        if self.process is not None:
            raise DriverError("It is running already.")
        self._popen = self._spawn()
        # The zombie stays until we wait for it, so neither pid nor start time can be another's.
        self._handle = os.pidfd_open(self._popen.pid)
        self.process = identify(self._popen.pid) or ProcessId(self._popen.pid, 0)
        loop = asyncio.get_running_loop()
        self._exited = loop.create_future()
        loop.add_reader(self._handle, self._on_exit)
        return self._exited

    def _spawn(self) -> subprocess.Popen[bytes]:
        rotate(self._log)
        pipe = subprocess.PIPE if self._piped else None
        try:
            with self._log.open("ab") as log:
                return subprocess.Popen(
                    self._command,
                    bufsize=0,
                    stdin=pipe or subprocess.DEVNULL,
                    stdout=pipe or log,
                    stderr=log,
                    env=self._env,
                    start_new_session=True,
                    preexec_fn=_tie_to(os.getpid()),  # noqa: PLW1509 - one C call, no locks taken
                )
        except (OSError, subprocess.SubprocessError) as error:
            raise DriverError(f"{self._command[0]} cannot be started: {error}") from error

    def _on_exit(self) -> None:
        """The pidfd became readable: the process is a zombie now."""
        if self._popen is None or self._exited is None:
            return
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self.kill()  # what it leaves behind in its group, while its zombie still holds the number
        status = self._popen.wait()
        self.process = None
        if not self._exited.done():
            self._exited.set_result(status)

    def stop(self) -> None:
        if self._popen is not None and self.process is not None:
            self._popen.terminate()

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


DRIVERS: frozenset[str] = frozenset({"process"})


def describe_exit(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"ended by signal {-status}"


def rotate(log: Path) -> None:
    """Keep one old log, so that a service that talks much does not fill the disk."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))


def _tie_to(agent: int) -> Callable[[], None]:
    def tie() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The agent may have died between fork and here; then no signal will come.
        if os.getppid() != agent:
            os._exit(1)

    return tie
