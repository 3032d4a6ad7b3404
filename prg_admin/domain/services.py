"""The catalogue of IM and Presence services: which there are, of which kind (domain facts 6.7).

**Network services** are always activated; **feature services** are activated on each node where
they are wanted. Names are labels that people look for, so they are not translated. A node has the
services that its own file lists; what it does not list is not installed there.

A deactivated service is stopped on purpose and counts as down for nobody, with one exception: the
critical services have to run before High Availability is enabled and while it is, so one that is
deactivated counts as down like one that was stopped (domain facts 1.1, 3.9, 6.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prg_admin.domain.states import CRITICAL_SERVICES, XCP_AUTHENTICATION, XCP_ROUTER

SRM_SERVICE = "Cisco Server Recovery Manager"
"""The node's agent itself: running as long as the node answers, and not stopped from here."""


class ServiceKind(StrEnum):
    NETWORK = "network"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    kind: ServiceKind
    default: bool = False
    """A feature service that is to be activated on every node."""

    @property
    def critical(self) -> bool:
        return self.name in CRITICAL_SERVICES


def _network(name: str) -> Service:
    return Service(name, ServiceKind.NETWORK)


def _feature(name: str, *, default: bool = False) -> Service:
    return Service(name, ServiceKind.FEATURE, default)


SERVICES: tuple[Service, ...] = (
    _network("Cisco IM and Presence Data Monitor"),
    _network(SRM_SERVICE),
    _network("Cisco Route Datastore"),
    _network("Cisco Login Datastore"),
    _network("Cisco SIP Registration Datastore"),
    _network("Cisco Presence Datastore"),
    _network("Cisco XCP Config Manager"),
    _network(XCP_ROUTER),
    _network("Cisco OAM Agent"),
    _network("Cisco Client Profile Agent"),
    _network("Cisco Sync Agent"),
    _network("Cisco Intercluster Sync Agent"),
    _network("Cisco Config Agent"),
    _feature("Cisco SIP Proxy", default=True),
    _feature("Cisco Presence Engine", default=True),
    _feature("Cisco XCP Text Conference Manager"),
    _feature("Cisco XCP Web Connection Manager"),
    _feature("Cisco XCP Connection Manager", default=True),
    _feature("Cisco XCP SIP Federation Connection Manager"),
    _feature("Cisco XCP XMPP Federation Connection Manager"),
    _feature("Cisco XCP Message Archiver"),
    _feature("Cisco XCP Directory Service"),
    _feature(XCP_AUTHENTICATION, default=True),
    _feature("Cisco XCP File Transfer Manager"),
)
"""Network services in start order (domain facts 3.10), then feature services."""

BY_NAME: dict[str, Service] = {service.name: service for service in SERVICES}


def services_of(kind: ServiceKind) -> tuple[Service, ...]:
    return tuple(service for service in SERVICES if service.kind is kind)


def kind_of(name: str) -> ServiceKind:
    """A service the catalogue does not know is one of the node's own network services."""
    known = BY_NAME.get(name)
    return known.kind if known else ServiceKind.NETWORK
