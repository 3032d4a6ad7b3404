"""The applications of the Navigation list with their menus, as data.

Entries name their page by URL name. Pages that do not exist (yet) are left out when the menus are
built, so that no entry leads nowhere. A page belongs to the application whose entry's address is
the longest beginning of its own; pages below no entry belong to the first application.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Entry:
    label: _StrPromise
    name: str
    """Of its URL."""
    address: str = ""
    is_for_administrators: bool = False
    """Whether it is left out for people whose role would be refused there."""


@dataclass(frozen=True, slots=True)
class Menu:
    label: _StrPromise
    entries: tuple[Entry, ...]
    is_common: bool = False
    """Whether every application has it."""


@dataclass(frozen=True, slots=True)
class Application:
    label: _StrPromise
    menus: tuple[Menu, ...]
    is_support: bool = False
    """Only for staff, in a frame of its own."""

    @property
    def address(self) -> str:
        """Of its first page."""
        return self.menus[0].entries[0].address

    @property
    def own_addresses(self) -> Iterator[str]:
        for menu in self.menus:
            if not menu.is_common:
                yield from (entry.address for entry in menu.entries)


COMMON = (
    Menu(
        _("Events"),
        (
            Entry(_("Events"), "console:events"),
            Entry(_("Jobs"), "jobs:job-list"),
            Entry(_("Audit Log"), "audit:log", is_for_administrators=True),
        ),
        is_common=True,
    ),
    Menu(
        _("Help"),
        (
            Entry(_("Task Flow"), "console:task-flow"),
            Entry(_("Change Password"), "accounts:password"),
            Entry(_("About"), "console:about"),
        ),
        is_common=True,
    ),
)

APPLICATIONS = (
    Application(
        _("Unified CM Administration"),
        (
            Menu(
                _("System"),
                (
                    Entry(_("Server"), "topology:node-list"),
                    Entry(_("Presence Redundancy Groups"), "groups:group-list"),
                    Entry(_("Enterprise Parameters"), "parameters:enterprise-parameters"),
                    Entry(_("LDAP Directory"), "users:directory-list"),
                ),
            ),
            Menu(
                _("User Management"),
                (
                    Entry(_("Assign Presence Users"), "users:assign"),
                    Entry(_("People"), "accounts:people"),
                ),
            ),
            *COMMON,
        ),
    ),
    Application(
        _("IM and Presence Administration"),
        (
            Menu(
                _("System"),
                (
                    Entry(_("Service Parameters"), "parameters:service-parameters"),
                    Entry(_("Presence Topology"), "topology:presence-topology"),
                ),
            ),
            Menu(
                _("Diagnostics"),
                (Entry(_("System Troubleshooter"), "console:troubleshooter"),),
            ),
            *COMMON,
        ),
    ),
    Application(
        _("IM and Presence Serviceability"),
        (
            Menu(
                _("Tools"),
                (
                    Entry(_("Service Activation"), "topology:service-activation"),
                    Entry(_("Control Center - Feature Services"), "topology:feature-services"),
                    Entry(_("Control Center - Network Services"), "topology:network-services"),
                ),
            ),
            *COMMON,
        ),
    ),
    Application(
        _("Support administration"),
        (Menu(_("Support"), (Entry(_("Tables of the database"), "admin:index"),)),),
        is_support=True,
    ),
)


@cache
def applications() -> tuple[Application, ...]:
    """Those with pages, every entry with its address."""
    built = (
        Application(app.label, tuple(_built(app.menus)), app.is_support) for app in APPLICATIONS
    )
    return tuple(app for app in built if next(app.own_addresses, None))


def current_application(path: str) -> Application:
    """The application that the page at this address belongs to."""
    found = applications()
    return max(found, key=lambda app: _closeness(app, path))  # the first one of equals


def _closeness(app: Application, path: str) -> int:
    near = (len(address) for address in app.own_addresses if path.startswith(address))
    return max(near, default=0)


def _built(menus: tuple[Menu, ...]) -> Iterator[Menu]:
    for menu in menus:
        entries = tuple(_resolved(menu.entries))
        if entries:
            yield Menu(menu.label, entries, menu.is_common)


def _resolved(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in entries:
        try:
            yield replace(entry, address=reverse(entry.name))
        except NoReverseMatch:
            continue
