"""``utils ha``: the original's layout (domain facts 8.1), scripts' JSON, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.utils.timezone import now

from prg_admin.cli.management.commands import utils as command
from prg_admin.domain.limitations import Limitation
from prg_admin.domain.states import NodeState, Reason
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.lib import actor
from prg_admin.lib.sentences import limitation_text
from prg_admin.recovery.models import Event
from tests.factories import create_cluster, create_group, create_node

S, R = NodeState, Reason
Utils = Callable[..., str]


def create_named(name: str = "Tokyo", nodes: tuple[str, str] = ("imp1", "imp2"), **more):
    cluster = create_cluster()
    members = [create_node(node, cluster=cluster) for node in nodes]
    return create_group(name, members=members, **more)


def states(name: str = "Tokyo") -> list[str]:
    return list(Member.objects.filter(group__name=name).values_list("state", flat=True))


# The layout.


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        pytest.param(
            {},
            [
                "Node 1 Name : imp1 State: Unknown Reason: High Availability Not Enabled",
                "Node 2 Name : imp2 State: Unknown Reason: High Availability Not Enabled",
            ],
            id="HA off",
        ),
        pytest.param(
            {"states": [S.NORMAL, S.NORMAL]},
            ["Node 1 Name : imp1 State: Normal", "Node 2 Name : imp2 State: Normal"],
            id="normal",
        ),
        pytest.param(
            {
                "states": [S.FAILED_OVER_SERVICES_DOWN, S.BACKUP],
                "reasons": [R.CRITICAL_SERVICE_DOWN, R.CRITICAL_SERVICE_DOWN],
            },
            [
                f"Node 1 Name : imp1 State: {S.FAILED_OVER_SERVICES_DOWN.label} Reason: "
                + R.CRITICAL_SERVICE_DOWN.label,
                "Node 2 Name : imp2 State: Running in Backup Mode Reason: Critical Service Down",
            ],
            id="critical service down",
        ),
        pytest.param(
            {"states": [S.FAILED, S.FAILED], "reasons": [R.CRITICAL_SERVICE_DOWN] * 2},
            [
                "Node 1 Name : imp1 State: Running in Failed Mode Reason: Critical Service Down",
                "Node 2 Name : imp2 State: Running in Failed Mode Reason: Critical Service Down",
            ],
            id="both failed",
        ),
    ],
)
def test_status_prints_the_layout(utils: Utils, given, printed: list[str]):
    create_named(**given)
    assert utils("status").splitlines() == ["Subcluster Name: Tokyo", *printed]


def test_status_of_all_groups_stands_apart_by_an_empty_line(utils: Utils):
    create_named("Tokyo")
    create_named("Osaka", ("imp3", "imp4"))
    lines = utils("status").splitlines()
    assert lines[0] == "Subcluster Name: Osaka"
    assert lines[3:5] == ["", "Subcluster Name: Tokyo"]
    assert len(lines) == 7


@pytest.mark.parametrize("name", ["tokyo", "TOKYO", "Tokyo"])
def test_status_of_one_group_by_its_name_in_any_case(utils: Utils, name: str):
    create_named("Tokyo")
    create_named("Osaka", ("imp3", "imp4"))
    assert utils("status", name).splitlines()[0] == "Subcluster Name: Tokyo"
    assert len(utils("status", name).splitlines()) == 3


def test_members_stand_in_the_order_of_their_places(utils: Utils):
    group = create_named(nodes=("zeta", "alpha"))
    assert [line.split()[4] for line in utils("status", group.name).splitlines()[1:]] == [
        "zeta", "alpha",
    ]  # fmt: skip


def test_without_groups_status_says_so(utils: Utils):
    assert utils("status") == "There are no groups.\n"
    assert json.loads(utils("status", "--json")) == []


def test_status_as_json(utils: Utils):
    create_named(states=[S.IDLE, S.BACKUP], reasons=[R.ADMIN_REQUEST] * 2)
    (group,) = json.loads(utils("status", "--json"))
    assert (group["name"], group["ha_enabled"]) == ("Tokyo", True)
    first, second = group["nodes"]
    assert second["name"] == "imp2"
    assert {key: first[key] for key in first if key != "since"} == {
        "position": 1, "name": "imp1", "state": "idle", "state_label": "Idle",
        "reason": "on-admin-request", "reason_label": "On Admin Request",
    }  # fmt: skip
    assert first["since"] <= now().isoformat()


# Requests.


def test_failover_prints_what_it_began(utils: Utils):
    create_named(states=[S.NORMAL, S.NORMAL])
    assert utils("failover", "IMP1").splitlines() == [
        "Initiate Manual Failover for Node > imp1",
        "Request SUCCESSFUL.",
        "Subcluster Name: Tokyo",
        "Node 1 Name : imp1 State: Failing Over Reason: On Admin Request",
        "Node 2 Name : imp2 State: Taking Over Reason: On Admin Request",
    ]


def test_fallback_prints_what_it_began(utils: Utils):
    create_named(states=[S.BACKUP, S.IDLE])
    assert utils("fallback", "imp2").splitlines() == [
        "Initiate Manual fallback for Node >imp2<",
        "Request SUCCESSFUL.",
        "Subcluster Name: Tokyo",
        "Node 1 Name : imp1 State: Falling Back Reason: On Admin Request",
        "Node 2 Name : imp2 State: Taking Back Reason: On Admin Request",
    ]


def test_recover_prints_what_it_began(utils: Utils):
    create_named(states=[S.FAILED, S.FAILED])
    lines = utils("recover", "tokyo").splitlines()
    assert lines[0].startswith("Request SUCCESSFUL.")
    assert lines[-1] == "Node 2 Name : imp2 State: Initializing Reason: On Admin Request"


@pytest.mark.parametrize("words", [("failover", "imp1"), ("fallback", "imp1")])
def test_a_request_as_json_prints_json_alone(utils: Utils, words):
    away = [S.IDLE, S.BACKUP] if words[0] == "fallback" else [S.NORMAL, S.NORMAL]
    create_named(states=away)
    (group,) = json.loads(utils(*words, "--json"))
    assert group["nodes"][0]["state"] in (S.FAILING_OVER, S.TAKING_BACK)


def test_the_event_names_the_person_at_the_keyboard(utils: Utils, monkeypatch):
    monkeypatch.setenv("LOGNAME", "alice")
    create_named(states=[S.NORMAL, S.NORMAL])
    utils("failover", "imp2")
    assert [(e.rule, e.actor) for e in Event.objects.all()] == [("failover-asked", "cli:alice")]


def test_a_user_id_without_a_name_will_do(utils: Utils, monkeypatch):
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(actor, "getuser", nobody)
    create_named(states=[S.NORMAL, S.NORMAL])
    utils("failover", "imp2")
    assert Event.objects.get().actor == f"cli:{os.getuid()}"


# Refusals.


@pytest.mark.parametrize(
    ("words", "given", "why"),
    [
        (("failover", "imp1"), {}, Limitation.HA_OFF),
        (("failover", "imp1"), {"states": [S.IDLE, S.BACKUP]}, Limitation.NODE_NOT_NORMAL),
        (("fallback", "imp1"), {"states": [S.NORMAL, S.NORMAL]}, Limitation.NOT_FAILED_OVER),
        (("recover", "Tokyo"), {"states": [S.NORMAL, S.NORMAL]}, Limitation.NOT_BOTH_FAILED),
    ],
)
def test_a_refused_request_says_why_and_changes_nothing(utils: Utils, words, given, why):
    create_named(**given)
    before = states()
    with pytest.raises(CommandError, match=r"^Request FAILED") as refused:
        utils(*words)
    assert str(refused.value) == f"Request FAILED. {limitation_text(why)}"
    assert states() == before
    assert not Event.objects.exists()


@pytest.mark.parametrize("words", [("status", "Kyoto"), ("recover", "Kyoto"), ("status", "")])
def test_an_unknown_group_is_refused_with_those_that_are_known(utils: Utils, words):
    create_named("Tokyo")
    create_named("Osaka", ("imp3", "imp4"))
    with pytest.raises(CommandError) as refused:
        utils(*words)
    assert str(refused.value) == (f"There is no group {words[1]!r}. Known groups: Osaka, Tokyo.")


@pytest.mark.parametrize("verb", ["failover", "fallback"])
@pytest.mark.parametrize("name", ["imp9", ""])
def test_an_unknown_node_is_refused_with_those_that_are_known(utils: Utils, verb, name):
    create_named()
    create_node("free")
    with pytest.raises(CommandError) as refused:
        utils(verb, name)
    assert str(refused.value) == f"Node {name!r} is in no group. Nodes in groups: imp1, imp2."


def test_an_empty_name_never_means_every_group(utils: Utils):
    """As of a variable that is not set: utils ha recover "$GROUP"."""
    create_named(states=[S.FAILED, S.FAILED])
    with pytest.raises(CommandError, match="There is no group ''"):
        utils("recover", "")
    assert states() == [S.FAILED, S.FAILED]


def test_a_group_deleted_meanwhile_is_told(utils: Utils, monkeypatch):
    group = create_named(states=[S.FAILED, S.FAILED])
    monkeypatch.setattr(command, "_found", lambda name: [group])
    group.members.all().delete()
    PresenceRedundancyGroup.objects.all().delete()
    with pytest.raises(CommandError, match="deleted"):
        utils("recover", "Tokyo")


@pytest.mark.parametrize(
    "words", [(), ("explode",), ("failover",), ("recover",), ("status", "a", "b")]
)
def test_a_wrong_call_is_refused_in_one_sentence(utils: Utils, words):
    with pytest.raises(CommandError, match=r"^Error: "):
        utils(*words)


# As a process.


def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
    address, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    env = os.environ | {"DATABASE_URL": f"{address}/{settings.DATABASES['default']['NAME']}"}
    return subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "utils", "ha", *words],
        env=env, text=True, stderr=subprocess.PIPE, timeout=60, check=False, **options,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_exit_codes_and_one_line_for_a_mistake():
    create_named(states=[S.NORMAL, S.NORMAL])
    done = run("status", stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Subcluster Name: Tokyo\n")
    refused = run("fallback", "imp1", stdout=subprocess.PIPE)
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "CommandError: Request FAILED. The node is not failed over."
    ]
    assert run("explode", stdout=subprocess.PIPE).returncode == 2


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_left_causes_no_traceback():
    """As in ``utils ha status | head -1``."""
    create_named(states=[S.NORMAL, S.NORMAL])
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = run("status", stdout=pipe)
    assert (done.returncode, done.stderr) == (141, "")
