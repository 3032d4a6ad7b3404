"""Who asked for a change, and from where: made by views and commands, handed to services."""

from __future__ import annotations

import os
from dataclasses import dataclass
from getpass import getuser
from ipaddress import ip_address

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    address: str = ""
    """Of the machine the request came from; empty for what was asked on this machine."""


def actor_of(request: HttpRequest) -> Actor:
    """The person who is signed in. A proxy's headers are the web server's matter, not ours."""
    return Actor(request.user.get_username(), address_of(request))


def address_of(request: HttpRequest) -> str:
    given = request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(given))
    except ValueError:  # a Unix socket has none
        return ""


def command_line_actor() -> Actor:
    """The account of the operating system that runs a command."""
    try:
        name = getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        name = str(os.getuid())
    return Actor(f"cli:{name}")
