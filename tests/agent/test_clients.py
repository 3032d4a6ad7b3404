"""The demo's users are real connections that really move."""

from __future__ import annotations

from pathlib import Path

import pytest

from prg_admin.agent.config import ConfigError
from prg_admin.agent.demo import clients
from prg_admin.domain.states import Role
from tests.agent.lab import Agent, Lab, Session, goal

USERS = 12


def write(folder: Path, ports: tuple[int, int], **changes: object) -> Path:
    file = folder / "clients.toml"
    settings = {"relogin_lower_s": 0.05, "relogin_upper_s": 0.2, **changes}
    lines = [f"{key} = {value}" for key, value in settings.items()]
    for name, port in zip(("imp1", "imp2"), ports, strict=True):
        lines.append(f'[[nodes]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}')
    lines.append(f'[[users]]\nhome = "imp1"\npeer = "imp2"\ncount = {USERS}\nprefix = "user"')
    file.write_text("\n".join(lines))
    return file


async def test_users_follow_their_failover_and_come_back(
    lab: Lab, pair: tuple[Agent, Agent], tmp_path: Path
) -> None:
    first, second = pair
    await first.order(goal(Role.OWN, 1, peer=second.address))
    await second.order(goal(Role.OWN, 1, node="imp2", peer=first.address))
    file = write(tmp_path, (first.client_port, second.client_port))
    await lab.run("-m", "prg_admin.agent.demo.clients", "--config", str(file))
    await first.wait(lambda r: r.sessions == USERS)
    assert (await first.order(goal(Role.STANDBY, 2, peer=second.address))).sessions == 0
    await second.order(goal(Role.BOTH, 2, node="imp2", peer=first.address))
    await second.wait(lambda r: r.sessions == USERS)
    await second.order(goal(Role.OWN, 3, node="imp2", peer=first.address))
    await first.order(goal(Role.OWN, 3, peer=second.address))
    await first.wait(lambda r: r.sessions == USERS)


async def test_who_logs_in_twice_has_one_session(lab: Lab) -> None:
    node = await lab.started()
    await node.order(goal(Role.OWN, 1))
    earlier = await Session.log_in(node, "imp1")
    later = await Session.log_in(node, "imp1")
    assert earlier is not None
    assert later is not None
    await earlier.closed_by_node()
    await node.wait(lambda r: r.sessions == 1)
    later.writer.close()


def test_a_window_upside_down_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not be less than relogin_lower_s, 3"):
        clients.load(write(tmp_path, (1, 2), relogin_lower_s=3))


def test_clients_of_an_unknown_node_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path, (1, 2))
    file.write_text(file.read_text().replace('peer = "imp2"', 'peer = "imp9"'))
    with pytest.raises(ConfigError, match=r'"users\[0\]\.peer" must be one of the nodes'):
        clients.load(file)
