"""The way to the agents: a real one, and those that refuse, keep silent or talk nonsense."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from prg_admin.domain.states import DEMO_SERVICES, Role
from prg_admin.domain.ticks import Ticks
from prg_admin.domain.wire import Goal, Order, Report, Timing
from prg_admin.launcher.spawn import end, free_port, spawn, wait_until
from prg_admin.topology import agents, connection, pki
from prg_admin.topology.agents import AgentClient, AgentError, Target
from prg_admin.topology.enrolment import node_enrol
from prg_admin.topology.exchange import MOST_AT_ONCE
from prg_admin.topology.models import Node
from tests.factories import create_report

HOST = "127.0.0.1"
SERVICE = "Cisco Sync Agent"
Answering = Callable[[ssl.SSLSocket], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installation's authority, and a node's certificate under a wrong name."""
    folder = tmp_path_factory.mktemp("agents")
    for name in ("imp1", "other"):
        pki.ensure_authority(folder)
        pki.issue(folder, name, folder / f"{name}.crt", folder / f"{name}.key")
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[AgentClient]:
    client = AgentClient(folder)
    yield client
    client.close()


# A real agent.


@pytest.fixture(scope="module")
def agent(folder: Path, client: AgentClient) -> Iterator[Target]:
    """The agent of imp1 as it is enrolled, with its services running."""
    node = Node(name="imp1", address=HOST, port=free_port())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(node, "save", lambda **_: None)
        config = node_enrol(
            node=node, version="15.0.1", client_port=free_port(),
            engine_url=f"http://{HOST}:{free_port()}", folder=folder / "nodes", pki_dir=folder,
        )  # fmt: skip
    command = [sys.executable, "-m", "prg_admin.agent", "--config", str(config)]
    log = folder / "agent.log"
    process = spawn(command, log=log, death_signal=signal.SIGKILL)
    target = Target("imp1", HOST, node.port, 5.0)
    assert wait_until(lambda: runs(client, target), seconds=60), log.read_text()
    yield target
    end(process, signal.SIGTERM, seconds=20)


def runs(client: AgentClient, target: Target) -> bool:
    report = client.probe([target])[0].report
    return report is not None and report.services_running


def report_of(client: AgentClient, target: Target) -> Report:
    (answer,) = client.probe([target])
    assert answer.report is not None, answer.error
    return answer.report


def order_for(report: Report, epoch: int) -> Order:
    timing = Timing(heartbeat_interval=1.0, connect_timeout=1.0, isolation_limit=0.0)
    goal = Goal("imp1", "", epoch, Role.OWN, False, False, 0.0, None, timing)
    return Order(goal, report.boot_id, report.fences, report.seq)


def test_a_probe_is_answered_by_a_report(client: AgentClient, agent: Target):
    (answer,) = client.probe([agent])
    assert answer.error == ""
    assert answer.rtt_ms is not None
    assert answer.rtt_ms > 0
    assert answer.report is not None
    assert answer.report.node == "imp1"
    assert [service.name for service in answer.report.services] == list(DEMO_SERVICES)


def test_an_order_is_answered_by_the_report_after_it(client: AgentClient, agent: Target):
    order = order_for(report_of(client, agent), 5)
    (answer,) = client.order([(agent, order)])
    assert answer.report is not None
    assert answer.report.goal_digest == order.goal.digest
    assert answer.report.highest_epoch == 5


def test_a_refused_order_says_why_in_the_agents_word(client: AgentClient, agent: Target):
    report = report_of(client, agent)
    client.order([(agent, order_for(report, 7))])
    stale = [order_for(report, 6), replace(order_for(report, 8), boot_id="another")]
    answers = client.order([(agent, order) for order in stale])
    assert [answer.error for answer in answers] == ["stale-epoch", "stale-order"]
    assert report_of(client, agent).highest_epoch == 7


def test_services_are_stopped_and_started(client: AgentClient, agent: Target):
    client.service_control(agent, SERVICE, "stop")
    assert wait_until(lambda: not runs(client, agent), seconds=20)
    client.service_control(agent, SERVICE, "start")
    assert wait_until(lambda: runs(client, agent), seconds=20)


def test_an_unknown_service_is_the_agents_refusal(client: AgentClient, agent: Target):
    with pytest.raises(AgentError) as error:
        client.service_control(agent, "Cisco Nothing", "start")
    assert error.value.kind not in ("unreachable", "answer", "timeout")


def test_answers_stand_in_the_order_of_the_questions(client: AgentClient, agent: Target):
    nobody = Target("imp1", HOST, free_port(), 5.0)
    answers = client.probe([nobody, agent, nobody, agent])
    assert [answer.error for answer in answers] == ["refused", "", "refused", ""]


def test_many_threads_may_ask_at_once(client: AgentClient, agent: Target):
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(report_of(client, agent).node))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == ["imp1"] * 8


def test_who_is_not_the_engine_is_turned_away(folder: Path, agent: Target, tmp_path: Path):
    for name in ("crt", "key"):
        (tmp_path / f"engine.{name}").write_bytes((folder / f"other.{name}").read_bytes())
    (tmp_path / "ca.crt").write_bytes((folder / "ca.crt").read_bytes())
    stranger = AgentClient(tmp_path)
    assert [answer.error for answer in stranger.probe([agent])] == ["engine-only"]
    stranger.close()


# Agents that do not answer as they should.


@contextmanager
def listening(folder: Path, answer: Answering | None, *, name: str = "imp1") -> Iterator[Target]:
    """A server with the certificate of ``name``; without an answer it only accepts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.crt")
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    server = socket.create_server((HOST, 0))
    held: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):  # the listening socket was closed
            while True:
                held.append(server.accept()[0])
                if answer is None:
                    continue
                with suppress(OSError), context.wrap_socket(held[-1], server_side=True) as link:
                    link.recv(65536)
                    answer(link)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Target("imp1", HOST, server.getsockname()[1], 2.0)
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)
        for link in held:
            link.close()


def saying(
    body: bytes, status: str = "200 OK", kind: str = "application/json", more: str = ""
) -> Answering:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n"
    return lambda link: link.sendall(head.encode() + body)


GOOD = json.dumps(create_report("imp1").to_json()).encode()


def probed(client: AgentClient, folder: Path, answer: Answering | None, **more: str) -> str:
    with listening(folder, answer, **more) as target:
        return client.probe([target])[0].error


def test_a_well_formed_answer_is_taken(client: AgentClient, folder: Path):
    with listening(folder, saying(GOOD)) as target:
        assert report_of(client, target).node == "imp1"


def test_nobody_there_is_refused(client: AgentClient):
    (answer,) = client.probe([Target("imp1", HOST, free_port(), 5.0)])
    assert (answer.error, answer.report, answer.rtt_ms) == ("refused", None, None)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "256.1.1.1"])
def test_a_name_nobody_bears_is_unreachable(client: AgentClient, host: str):
    assert client.probe([Target("imp1", host, 8443, 5.0)])[0].error in ("unreachable", "timeout")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="accepts and says nothing"),
        pytest.param(lambda link: link.recv(1), id="shakes hands and says nothing"),
        pytest.param(
            lambda link: (link.sendall(b"HTTP/1.1 200 OK\r\n"), link.recv(1)), id="begins only"
        ),
    ],
)
def test_one_deadline_holds_for_the_whole_call(client: AgentClient, folder: Path, answer):
    with listening(folder, answer) as target:
        short = Target(target.name, target.host, target.port, 0.3)
        assert client.probe([short])[0].error == "timeout"


def test_a_byte_now_and_then_does_not_outlast_the_deadline(client: AgentClient, folder: Path):
    def drip(link: ssl.SSLSocket) -> None:
        link.settimeout(0.05)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(200):
            link.sendall(b" ")
            with suppress(TimeoutError):
                if not link.recv(1):
                    return

    with listening(folder, drip) as target:
        short = Target(target.name, target.host, target.port, 0.5)
        assert client.probe([short])[0].error == "timeout"


def test_the_certificate_must_bear_the_nodes_name(client: AgentClient, folder: Path):
    assert probed(client, folder, saying(GOOD), name="other") == "tls"


def test_another_authoritys_node_is_not_believed(client: AgentClient, tmp_path: Path):
    pki.ensure_authority(tmp_path)
    pki.issue(tmp_path, "imp1", tmp_path / "imp1.crt", tmp_path / "imp1.key")
    assert probed(client, tmp_path, saying(GOOD)) == "tls"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(saying(b"<html>", kind="text/html"), "answer", id="a page"),
        pytest.param(saying(GOOD, kind="text/plain"), "", id="the kind does not matter"),
        pytest.param(saying(b""), "answer", id="empty"),
        pytest.param(saying(b"{}"), "answer", id="another document"),
        pytest.param(saying(b"\xff\xfe"), "answer", id="no text"),
        pytest.param(saying(b"[" * 200_000), "answer", id="deep"),
        pytest.param(saying(b" " * 2_000_000), "answer", id="long"),
        pytest.param(lambda link: link.sendall(b"SSH-2.0-x\r\n\r\n"), "answer", id="no HTTP"),
        pytest.param(lambda link: None, "unreachable", id="hangs up"),
        pytest.param(saying(b"{}", "500 Oops"), "status 500", id="no word"),
        pytest.param(saying(b"<h1>", "502 Bad", "text/html"), "status 502", id="a proxy's page"),
        pytest.param(saying(b'{"error": 7}', "409 x"), "status 409", id="no text as a word"),
        pytest.param(saying(b'{"error": "A b"}', "409 x"), "status 409", id="no word of ours"),
        pytest.param(saying(b'{"error": "idle"}', "409 x"), "idle", id="a word"),
        pytest.param(
            saying(b'{"error": "' + b"x" * 300 + b'"}', "409 x"), "status 409", id="a long word"
        ),
    ],
)
def test_what_a_node_says_is_read_strictly(client, folder: Path, answer: Answering, error: str):
    assert probed(client, folder, answer) == error


def test_nobody_is_led_elsewhere(client: AgentClient, folder: Path):
    with listening(folder, saying(GOOD)) as other:
        more = f"Location: https://{HOST}:{other.port}/srm/v1/report\r\n"
        assert probed(client, folder, saying(b"", "307 Go", more=more)) == "status 307"


def test_one_that_talks_nonsense_spoils_no_other_answer(client: AgentClient, folder: Path):
    with listening(folder, saying(b"[" * 200_000)) as bad, listening(folder, saying(GOOD)) as good:
        assert [answer.error for answer in client.probe([bad, good])] == ["answer", ""]


# What is known need not be said again.


def test_who_knows_the_report_is_told_the_ticks_alone(client: AgentClient, agent: Target):
    assert wait_until(lambda: runs(client, agent), seconds=20)
    (first,) = client.probe([agent])
    assert first.report is not None
    (second,) = client.probe([agent._replace(tag=first.tag)])
    assert (second.report, second.error, second.tag) == (None, "", first.tag)
    ticks = Ticks.parse(second.ticks)
    assert ticks.seq > first.report.seq
    assert ticks.up_s >= first.report.up_s
    assert second.rtt_ms is not None


def test_what_a_real_agent_says_then_is_read_at_a_glance(
    client: AgentClient, agent: Target, monkeypatch: pytest.MonkeyPatch
):
    """Else each probe would cost the whole of a parser."""
    (first,) = client.probe([agent])
    monkeypatch.setattr(connection.Connection, "_parse", None)
    (second,) = client.probe([agent._replace(tag=first.tag)])
    assert (second.error, second.tag) == ("", first.tag)


def test_what_only_looks_like_it_is_left_to_the_parser():
    glance = b'HTTP/1.1 304 Not Modified\r\nETag: "%b"\r\nTicks: 1 2.0 3 - - -\r\n' % TAG.encode()
    assert connection.UNCHANGED.fullmatch(glance + b"\r\n")
    more = (b"", b"\r", b"\r\n\r\n", b"Connection: close\r\n\r\n", b"\r\n" + glance + b"\r\n")
    assert not [end for end in more if connection.UNCHANGED.fullmatch(glance + end)]


def test_who_knows_another_report_is_told_all(client: AgentClient, agent: Target):
    (answer,) = client.probe([agent._replace(tag="0" * 32)])
    assert answer.report is not None
    assert answer.ticks == ""


UNCHANGED = "304 Not Modified"
TAG = "ab" * 16


@pytest.mark.parametrize(
    ("more", "tag", "error"),
    [
        ("Ticks: 1 2.0 3 - - -\r\n", TAG, ""),
        ("Ticks: 1 2.0 3\r\n", TAG, "answer"),
        ("", TAG, "answer"),
        ("Ticks: 1 2.0 3 - - -\r\n", "", "status 304"),
    ],
    ids=["ticks", "other ticks", "no ticks", "unasked"],
)
def test_ticks_are_read_strictly(client, folder: Path, more: str, tag: str, error: str):
    with listening(folder, saying(b"", UNCHANGED, more=more)) as target:
        (answer,) = client.probe([target._replace(tag=tag)])
    assert (answer.error, bool(answer.ticks)) == (error, not error)


# Connections that are kept.


def kept_open(*answers: bytes) -> Answering:
    """One connection: an answer for each request, then it is closed."""

    def serve(link: ssl.SSLSocket) -> None:
        for number, answer in enumerate(answers):
            if number:
                link.recv(65536)
            link.sendall(answer)

    return serve


def whole(body: bytes = GOOD) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def connections_used(
    client: AgentClient, folder: Path, *answers: bytes, probes: int
) -> tuple[list[str], int]:
    opened: list[ssl.SSLSocket] = []

    def counted(link: ssl.SSLSocket) -> None:
        opened.append(link)
        kept_open(*answers)(link)

    with listening(folder, counted) as target:
        errors = [client.probe([target])[0].error for _ in range(probes)]
    return errors, len(opened)


def test_a_connection_is_used_again(client: AgentClient, folder: Path):
    assert connections_used(client, folder, whole(), whole(), whole(), probes=3) == ([""] * 3, 1)


def test_one_that_was_closed_meanwhile_is_opened_anew_unnoticed(client: AgentClient, folder: Path):
    assert connections_used(client, folder, whole(), probes=3) == ([""] * 3, 3)


def test_more_than_was_asked_for_is_no_answer_and_ends_the_connection(client, folder: Path):
    twice = whole() + whole()
    assert connections_used(client, folder, twice, whole(), probes=2) == (["answer"] * 2, 2)


def test_one_whose_answer_ends_it_is_not_used_again(client: AgentClient, folder: Path):
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + GOOD
    assert connections_used(client, folder, last, probes=2) == ([""] * 2, 2)


def test_an_answer_that_comes_in_pieces_is_put_together(client: AgentClient, folder: Path):
    def bit_by_bit(link: ssl.SSLSocket) -> None:
        for byte in whole():
            link.sendall(bytes([byte]))

    with listening(folder, bit_by_bit) as target:
        assert report_of(client, target).node == "imp1"


def test_nodes_that_keep_silent_do_not_keep_others_waiting(client, folder: Path, agent: Target):
    """There are more of them than requests are begun at once."""
    with listening(folder, None) as silent:
        dead = [silent._replace(timeout=3.0)] * (MOST_AT_ONCE + 20)
        answers = client.probe([*dead, agent])
    assert [answer.error for answer in answers] == ["timeout"] * len(dead) + [""]
    assert answers[-1].rtt_ms is not None


def test_a_name_is_looked_up_and_all_its_addresses_are_tried(client, folder: Path):
    with listening(folder, saying(GOOD)) as target:
        assert report_of(client, target._replace(host="localhost")).node == "imp1"


# The client itself.


def test_an_engine_without_its_certificate_says_so(tmp_path: Path):
    """It must not look as if every node were gone."""
    bare = AgentClient(tmp_path)
    with pytest.raises(FileNotFoundError):
        bare.probe([Target("imp1", HOST, 1, 1.0)])
    bare.close()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_a_client_of_its_own(client: AgentClient, agent: Target):
    report_of(client, agent)
    child = os.fork()
    if child == 0:
        client.close()  # would wait for ever for the parent's thread
        os._exit(0 if agents.agent_client() is not client else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert report_of(client, agent).node == "imp1"
