"""Saving parameter values: what is stored, what is refused, who is told."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import ENTERPRISE, SRM, XCP_ROUTER
from prg_admin.lib.actor import Actor
from prg_admin.parameters import services
from prg_admin.parameters.models import ParameterValue
from prg_admin.parameters.selectors import parameter, parameter_values, recovery_settings
from prg_admin.parameters.services import (
    Change,
    InvalidParametersError,
    StaleParametersError,
    parameters_save,
    parameters_set_to_default,
    values_token,
)
from prg_admin.topology.models import Cluster, Node
from tests.factories import create_cluster, create_node

pytestmark = pytest.mark.django_db

ALICE = Actor("alice", "192.0.2.7")
INTERVAL = catalogue.HEART_BEAT_INTERVAL
TIMEOUT = catalogue.CONNECT_TIMEOUT
LOWER = catalogue.RE_LOGIN_LOWER


def save(cluster: Cluster, node: Node | None = None, token: str = "", **values: object):
    seen = parameter_values(cluster.pk, SRM, node.pk if node else None)
    return parameters_save(
        cluster=cluster,
        service=SRM,
        node=node,
        values={name: str(value) for name, value in values.items()},
        token=token or values_token(seen),
        actor=ALICE,
    )


def stored() -> dict[str, str]:
    return dict(ParameterValue.objects.values_list("name", "value"))


def test_suggested_values_hold_while_nothing_is_stored():
    settings = recovery_settings([create_cluster().pk])
    assert [s.heart_beat_interval for s in settings.values()] == [60.0]


def test_a_changed_value_is_stored_and_told():
    cluster = create_cluster()
    changes = save(cluster, HeartBeatInterval="030", ConnectTimeout=30)
    assert changes == [Change(catalogue.BY_KEY[SRM, INTERVAL], "60", "30")]
    assert stored() == {INTERVAL: "30"}
    assert parameter(cluster.pk, SRM, INTERVAL) == "30"


def test_the_suggested_value_is_not_stored():
    cluster = create_cluster()
    save(cluster, HeartBeatInterval=30)
    save(cluster, HeartBeatInterval=60)
    assert stored() == {}


def test_every_parameter_of_the_engine_reaches_its_settings():
    cluster = create_cluster()
    save(
        cluster,
        HeartBeatInterval=1,
        ConnectTimeout=2,
        KeepAliveTimeout=3,
        InitializationKeepAliveTimeout=4,
        CriticalServiceDelay=0,
        EnableAutomaticFallback="true",
        EnableXcpAuthenticationMonitoring="true",
        AutomaticFallbackDelay=1,
        IsolatedNodePolicy="keep-serving",
        TransitionDeadline=5,
    )
    parameters_save(
        cluster=cluster,
        service=XCP_ROUTER,
        node=None,
        values={catalogue.MULTIPLE_DEVICE_MESSAGING: "true"},
        token=values_token(parameter_values(cluster.pk, XCP_ROUTER)),
        actor=ALICE,
    )
    settings = recovery_settings([cluster.pk])[cluster.pk]
    assert settings.heart_beat_interval == 1.0
    assert settings.connect_timeout == 2.0
    assert settings.keep_alive_timeout == 3.0
    assert settings.initialization_timeout == 4.0
    assert settings.critical_service_delay == 0.0
    assert settings.automatic_fallback_delay == 60.0
    assert settings.transition_deadline == 5.0
    assert settings.automatic_fallback
    assert settings.monitor_xcp_authentication
    assert settings.keep_serving_when_isolated
    assert settings.multiple_device_messaging


def test_clusters_do_not_share_values():
    alpha, beta = create_cluster(), create_cluster()
    save(alpha, HeartBeatInterval=30)
    settings = recovery_settings([alpha.pk, beta.pk])
    assert settings[alpha.pk].heart_beat_interval == 30.0
    assert settings[beta.pk].heart_beat_interval == 60.0


def test_values_of_one_node_are_its_own():
    cluster = create_cluster()
    one, other = create_node(cluster=cluster), create_node(cluster=cluster)
    save(cluster, one, ClientReLoginLowerLimit=100)
    assert parameter(cluster.pk, SRM, LOWER, one.pk) == "100"
    assert parameter(cluster.pk, SRM, LOWER, other.pk) == "120"


def test_a_clusterwide_value_saved_at_one_node_holds_at_the_other():
    cluster = create_cluster()
    one, other = create_node(cluster=cluster), create_node(cluster=cluster)
    save(cluster, one, HeartBeatInterval=30)
    assert parameter_values(cluster.pk, SRM, other.pk)[INTERVAL] == "30"


def test_settings_of_many_clusters_cost_one_query(django_assert_num_queries):
    clusters = [create_cluster().pk for _ in range(5)]
    with django_assert_num_queries(1):
        recovery_settings(clusters)
    with django_assert_num_queries(1):
        recovery_settings(clusters[:1])


def test_a_stored_value_that_is_out_of_bounds_does_not_stop_the_engine():
    cluster = create_cluster()
    ParameterValue.objects.create(cluster=cluster, service=SRM, name=INTERVAL, value="soon")
    assert recovery_settings([cluster.pk])[cluster.pk].heart_beat_interval == 60.0


def test_a_stored_value_of_an_unknown_parameter_is_passed_over():
    cluster = create_cluster()
    ParameterValue.objects.create(cluster=cluster, service=SRM, name="Bygone", value="1")
    assert "Bygone" not in parameter_values(cluster.pk, SRM)


def test_a_value_out_of_range_is_refused_and_nothing_is_stored():
    with pytest.raises(InvalidParametersError) as refused:
        save(create_cluster(), HeartBeatInterval=301, ConnectTimeout=20)
    assert [p.parameter.name for p in refused.value.problems] == [INTERVAL]
    assert stored() == {}


def test_a_relation_with_a_value_that_is_not_on_the_page_is_checked():
    with pytest.raises(InvalidParametersError) as refused:
        save(create_cluster(), ConnectTimeout=31)
    assert [p.parameter.name for p in refused.value.problems] == [catalogue.KEEP_ALIVE_TIMEOUT]


def test_the_second_of_two_savers_is_told_what_the_first_changed():
    cluster = create_cluster()
    seen_by_both = values_token(parameter_values(cluster.pk, SRM))
    save(cluster, token=seen_by_both, HeartBeatInterval=30)
    with pytest.raises(StaleParametersError) as stale:
        save(cluster, token=seen_by_both, ConnectTimeout=10)
    assert stale.value.changes == [Change(catalogue.BY_KEY[SRM, INTERVAL], "60", "30")]
    assert stored() == {INTERVAL: "30"}


@pytest.mark.parametrize("token", ["x", "eyJ4IjoxfQ:abc:def", "\x00"])
def test_a_token_that_cannot_be_read_saves_nothing(token: str):
    with pytest.raises(StaleParametersError):
        save(create_cluster(), token=token, HeartBeatInterval=30)
    assert stored() == {}


def test_a_deleted_cluster_cannot_be_saved_to():
    cluster = create_cluster()
    token = values_token(parameter_values(cluster.pk, SRM))
    Cluster.objects.all().delete()
    with pytest.raises(Cluster.DoesNotExist):
        save(cluster, token=token, HeartBeatInterval=30)


def test_setting_to_default_gives_cluster_and_node_their_suggested_values():
    cluster = create_cluster()
    one, other = create_node(cluster=cluster), create_node(cluster=cluster)
    save(cluster, one, HeartBeatInterval=30, ClientReLoginLowerLimit=100)
    save(cluster, other, ClientReLoginLowerLimit=110)
    changes = parameters_set_to_default(
        cluster=cluster,
        service=SRM,
        node=one,
        token=values_token(parameter_values(cluster.pk, SRM, one.pk)),
        actor=ALICE,
    )
    assert {c.parameter.name for c in changes} == {INTERVAL, LOWER}
    assert stored() == {LOWER: "110"}


def test_enterprise_parameters_are_saved_by_cluster():
    cluster = create_cluster()
    mode = catalogue.USER_ASSIGNMENT_MODE
    parameters_save(
        cluster=cluster,
        service=ENTERPRISE,
        node=None,
        values={mode: "none"},
        token=values_token(parameter_values(cluster.pk, ENTERPRISE)),
        actor=ALICE,
    )
    assert parameter(cluster.pk, ENTERPRISE, mode) == "none"
    assert parameter(create_cluster().pk, ENTERPRISE, mode) == "balanced"


def test_a_change_is_announced_once_and_nothing_when_nothing_changed(
    monkeypatch, django_capture_on_commit_callbacks
):
    told: list[str] = []
    monkeypatch.setattr(services, "announce", lambda *topics: told.extend(topics))
    cluster = create_cluster()
    save(cluster, HeartBeatInterval=30)
    save(cluster, HeartBeatInterval=30)
    assert told == [f"parameters-{cluster.pk}"]


@pytest.mark.django_db(transaction=True)
def test_of_two_savers_at_the_same_moment_one_is_told():
    cluster = create_cluster()
    token = values_token(parameter_values(cluster.pk, SRM))
    outcomes = at_once(
        lambda: save(cluster, token=token, HeartBeatInterval=10),
        lambda: save(cluster, token=token, HeartBeatInterval=20),
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "StaleParametersError",
        "list",
    ]
    assert stored()[INTERVAL] in ("10", "20")


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Runs the actions in threads that start together; an exception is an outcome."""
    barrier = threading.Barrier(len(actions))
    outcomes: list[object] = []

    def run(action: Callable[[], object]) -> None:
        barrier.wait(10)
        try:
            outcomes.append(action())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcomes
