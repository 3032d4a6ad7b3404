"""Addresses that come from outside and are to be followed."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def local_address(wanted: str) -> str | None:
    """``wanted`` if it is a page of this site, by its path; None for anything else.

    ``redirect()`` would take words without a slash for the name of a page, and fail.
    """
    if not wanted.startswith("/") or not wanted.isprintable():
        return None
    # No host is allowed: ``//evil.example/`` would be one.
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else None
