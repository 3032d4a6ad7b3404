"""The catalogue of services."""

from __future__ import annotations

from prg_admin.domain import catalogue
from prg_admin.domain.services import (
    BY_NAME,
    SERVICES,
    SRM_SERVICE,
    ServiceKind,
    kind_of,
    services_of,
)
from prg_admin.domain.states import CRITICAL_SERVICES


def test_every_service_has_a_name_of_its_own():
    assert len(BY_NAME) == len(SERVICES) == 24
    assert all(name.startswith("Cisco ") for name in BY_NAME)


def test_the_critical_services_are_where_the_check_of_services_looks_for_them():
    kinds = {name: kind_of(name) for name in CRITICAL_SERVICES}
    feature = {name for name, kind in kinds.items() if kind is ServiceKind.FEATURE}
    assert feature == {"Cisco SIP Proxy", "Cisco Presence Engine"}


def test_only_feature_services_can_be_activated_by_default():
    defaults = {service.name for service in SERVICES if service.default}
    assert defaults == {
        "Cisco SIP Proxy",
        "Cisco Presence Engine",
        "Cisco XCP Connection Manager",
        "Cisco XCP Authentication Service",
    }
    assert defaults <= {service.name for service in services_of(ServiceKind.FEATURE)}


def test_every_service_with_parameters_is_known():
    known = {p.service for p in catalogue.PARAMETERS} - {catalogue.ENTERPRISE}
    assert known <= set(BY_NAME)
    assert SRM_SERVICE == catalogue.SRM


def test_a_service_of_the_nodes_own_is_a_network_service():
    assert kind_of("Our own service") is ServiceKind.NETWORK
