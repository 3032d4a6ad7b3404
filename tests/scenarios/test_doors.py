"""The watch over the doors itself: it sees what must never be, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.scenarios.doors import DoorWatch
from tests.scenarios.waiting import wait_until


class PretendedDoor:
    """Admits everybody while it is open; a change of mind ends all sessions first."""

    def __init__(self) -> None:
        self.is_open = False
        self._sessions: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    def close_sessions(self) -> None:
        with self._lock:
            self.is_open = False
            while self._sessions:
                self._sessions.pop().close()

    def end(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.close_sessions()

    def _serve(self) -> None:
        while True:
            try:
                session, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                session.recv(512)
                session.sendall(b"OK\n" if self.is_open else b"NOT-SERVED\n")
                self._sessions.append(session)


@pytest.fixture
def doors() -> Iterator[tuple[PretendedDoor, PretendedDoor]]:
    both = PretendedDoor(), PretendedDoor()
    yield both
    for door in both:
        door.end()


def test_two_doors_that_admit_the_same_users_are_found(doors):
    for door in doors:
        door.is_open = True
    watch = DoorWatch({"a": doors[0].address, "b": doors[1].address})
    with pytest.raises(AssertionError, match=r"[ab] at"), watch:
        wait_until(lambda: watch.served_twice, "the watch sees both doors open")


def test_users_who_are_let_go_before_the_other_door_opens_are_no_complaint(doors):
    first, second = doors
    first.is_open = True
    with DoorWatch({"a": first.address, "b": second.address}) as watch:
        for here, there in ((first, second), (second, first)):
            seen = watch.admitted.total()
            wait_until(lambda seen=seen: watch.admitted.total() > seen + 2, "users are admitted")
            here.close_sessions()
            there.is_open = True
    assert watch.served_twice == []
