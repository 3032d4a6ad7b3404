"""Every page that a person opens, by the name of its picture in ``docs/screens``.

A new page needs one line in ``PAGES``, and everything that is tried on all pages is tried on it:
console and content policy, width on a phone, accessibility in both schemes and languages. An
address that answers no page of its own stands in ``NO_PAGES``; ``test_pages_listed`` finds what
stands in neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from prg_admin.domain import catalogue
from tests.scenarios.installation import Installation

GROUP = "DefaultCUPSubcluster"
NODE = "imp1"
SRM = catalogue.SRM.replace(" ", "+")

SIGN_IN = {"login": "/login/"}
PAGES = {
    "home": "/",
    "about": "/about/",
    "task-flow": "/task-flow/",
    "troubleshooter": "/diagnostics/system-troubleshooter/",
    "audit": "/audit/",
    "password": "/account/password/",
    "jobs": "/jobs/",
    # System > Server
    "servers": "/system/servers/",
    "servers-print": "/system/servers/?view=print",
    "server": "/system/servers/{node}/",
    "server-add": "/system/servers/add/",
    "server-delete": "/system/servers/{node}/delete/",
    "server-details": "/system/servers/{node}/details/",
    "presence-topology": "/system/presence-topology/",
    # System > Presence Redundancy Groups
    "groups": "/system/presence-redundancy-groups/",
    "groups-found": "/system/presence-redundancy-groups/?field=name&operator=contains&text=sub"
    "&field=description&operator=is-empty&text=&sort=-name&rows=10",
    "groups-none": "/system/presence-redundancy-groups/?text=nothing",
    "groups-print": "/system/presence-redundancy-groups/?view=print",
    "group-normal": "/system/presence-redundancy-groups/{group}/",
    "group-add": "/system/presence-redundancy-groups/add/",
    "group-maintenance": "/system/presence-redundancy-groups/{group}/maintenance/",
    "group-copy": "/system/presence-redundancy-groups/add/?copy={group}",
    "group-delete": "/system/presence-redundancy-groups/{group}/delete/",
    "failover": "/system/presence-redundancy-groups/{group}/failover/{node}/",
    "events": "/recovery/groups/{group}/events/",
    "events-all": "/events/",
    "events-picture": "/events/groups/{group}/?hours=1",
    "event": "/recovery/events/{event}/",
    "certificate": "/certificates/events/{event}/",
    "certificates": "/certificates/groups/{group}/",
    # System > Service Parameters, Enterprise Parameters
    "service-parameters": f"/system/service-parameters/?server={{node}}&service={SRM}",
    "service-parameters-advanced": f"/system/service-parameters/?server={{node}}&service={SRM}"
    "&view=advanced",
    "service-parameters-default": f"/system/service-parameters/default/?server={{node}}"
    f"&service={SRM}",
    "parameters-all-servers": "/system/service-parameters/all-servers/",
    "parameters-out-of-sync": "/system/service-parameters/out-of-sync/",
    "parameters-modified": "/system/service-parameters/modified/",
    "parameters-help": f"/system/service-parameters/help/?service={SRM}",
    "enterprise-parameters": "/system/enterprise-parameters/",
    "enterprise-parameters-default": "/system/enterprise-parameters/default/",
    # User Management > Assign Presence Users
    "users": "/user-management/assign-presence-users/",
    "user": "/user-management/assign-presence-users/users/{user}/",
    "users-assign": "/user-management/assign-presence-users/assign/?user={user}&to=unassigned",
    "users-assign-all": "/user-management/assign-presence-users/assign/?scope=all&to=mode",
    "users-rebalance": "/user-management/assign-presence-users/rebalance/",
    "users-import": "/user-management/assign-presence-users/import/",
    # System > LDAP Directory
    "ldap-directories": "/system/ldap-directory/",
    "ldap-directory": "/system/ldap-directory/{cluster}/",
    "ldap-directory-delete": "/system/ldap-directory/{cluster}/delete/",
    # Serviceability
    "network-services": "/serviceability/control-center/network-services/?server={node}",
    "feature-services": "/serviceability/control-center/feature-services/?server={node}",
    "service-activation": "/serviceability/service-activation/?server={node}",
}

NO_PAGES = {
    "users:import-preview": "only once a file was read",
    "jobs:job": "only once somebody asked for long work",
    "recovery:powered-off": "only while a node cannot be asked",
    "console:go": "leads to another page",
    "accounts:session": "answers a script",
    "live:stream": "the event stream",
    "groups:group-recover": "only while both nodes have failed; the same page as for Failover",
    "recovery:acknowledge": "only while the automatic fallback is held",
    "recovery:event-recording": "a file",
    "certificates:download": "a file",
    "recovery:engine-status": "a part of every page",
}


@dataclass(frozen=True, slots=True)
class Places:
    """What addresses need to be whole."""

    group: int
    node: int
    event: int
    user: int = 1
    cluster: int = 1

    @classmethod
    def of(cls, installation: Installation) -> Places:
        event = installation.events(GROUP)[-1]["id"]
        user = installation.query("select min(id) as id from users_presenceuser")[0]["id"]
        cluster = installation.query("select min(id) as id from topology_cluster")[0]["id"]
        return cls(installation.group_id(GROUP), installation.node_id(NODE), event, user, cluster)

    def address(self, page: str) -> str:
        return page.format(
            group=self.group,
            node=self.node,
            event=self.event,
            user=self.user,
            cluster=self.cluster,
        )


def addresses(installation: Installation) -> dict[str, str]:
    """Name to address of all pages for somebody who is signed in."""
    places = Places.of(installation)
    return {name: places.address(page) for name, page in PAGES.items()}
