"""The way to an LDAP directory: page by page, every failure as a short ``Trouble``.

Referrals are not followed: they would carry the password to servers that nobody named. A search
that the server cuts short (size, time or administrative limit) is a failure and no shorter list:
whoever is missing from it would count as gone.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from ldap3 import ANONYMOUS, NONE, SIMPLE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException, LDAPInvalidFilterError
from ldap3.core.results import (
    RESULT_ADMIN_LIMIT_EXCEEDED,
    RESULT_INAPPROPRIATE_AUTHENTICATION,
    RESULT_INSUFFICIENT_ACCESS_RIGHTS,
    RESULT_INVALID_CREDENTIALS,
    RESULT_INVALID_DN_SYNTAX,
    RESULT_NO_SUCH_OBJECT,
    RESULT_REFERRAL,
    RESULT_SIZE_LIMIT_EXCEEDED,
    RESULT_STRONGER_AUTH_REQUIRED,
    RESULT_SUCCESS,
    RESULT_TIME_LIMIT_EXCEEDED,
    RESULT_UNWILLING_TO_PERFORM,
)

from prg_admin.domain.directory import Trouble, split_server
from prg_admin.users.directory_entries import Entry

CONNECT_S, ANSWER_S = 5, 20
PAGED_RESULTS = "1.2.840.113556.1.4.319"
_BIND = {
    RESULT_INVALID_CREDENTIALS: Trouble.CREDENTIALS,
    RESULT_NO_SUCH_OBJECT: Trouble.CREDENTIALS,
    RESULT_INVALID_DN_SYNTAX: Trouble.CREDENTIALS,
    RESULT_INAPPROPRIATE_AUTHENTICATION: Trouble.CREDENTIALS,
    RESULT_INSUFFICIENT_ACCESS_RIGHTS: Trouble.NOT_ALLOWED,
    RESULT_STRONGER_AUTH_REQUIRED: Trouble.NOT_ALLOWED,
    RESULT_UNWILLING_TO_PERFORM: Trouble.NOT_ALLOWED,
}
_SEARCH = {
    RESULT_NO_SUCH_OBJECT: Trouble.BASE,
    RESULT_INVALID_DN_SYNTAX: Trouble.BASE,
    RESULT_REFERRAL: Trouble.BASE,
    RESULT_INSUFFICIENT_ACCESS_RIGHTS: Trouble.NOT_ALLOWED,
    RESULT_STRONGER_AUTH_REQUIRED: Trouble.NOT_ALLOWED,
    RESULT_SIZE_LIMIT_EXCEEDED: Trouble.INCOMPLETE,
    RESULT_TIME_LIMIT_EXCEEDED: Trouble.INCOMPLETE,
    RESULT_ADMIN_LIMIT_EXCEEDED: Trouble.INCOMPLETE,
}


class Failed(Exception):  # noqa: N818 - what became of it, not that it is an error
    """Carries nothing that the server or the person sent besides the server's own result word."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Access:
    server: str
    bind_dn: str
    password: str = field(repr=False)
    base: str
    filter: str
    attributes: tuple[str, ...]
    page_size: int


class _Trusting(Tls):  # type: ignore[misc]  # ldap3 has no types
    """The standard library judges the certificate and its names; ldap3's own way is older."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._own, self._host = context, host

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:  # noqa: ARG002
        connection.socket = self._own.wrap_socket(connection.socket, server_hostname=self._host)


class Search:
    """One connection and where its search is. Raises ``Failed``; then it is closed."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._link = _connected(access)
        self._cookie: bytes | None = None
        self.is_over = False

    def page(self) -> list[Entry]:
        """The next entries; sets ``is_over`` with the last of them."""
        try:
            with _translated():
                return self._page()
        except Failed:
            self.close()
            raise

    def _page(self) -> list[Entry]:
        access = self._access
        self._link.search(
            access.base,
            access.filter,
            search_scope=SUBTREE,
            attributes=list(access.attributes),
            paged_size=access.page_size,
            paged_cookie=self._cookie,
        )
        result = self._link.result
        if result["result"] != RESULT_SUCCESS:
            trouble = _SEARCH.get(result["result"], Trouble.ANSWER)
            raise Failed(trouble, str(result["description"]))
        found = [_entry(row) for row in self._link.response if row["type"] == "searchResEntry"]
        control = (result.get("controls") or {}).get(PAGED_RESULTS, {})
        self._cookie = control.get("value", {}).get("cookie") or None
        if self._cookie is None:
            self.is_over = True
            self.close()
        return found

    def close(self) -> None:
        with contextlib.suppress(LDAPException, OSError):
            self._link.unbind()


def _entry(row: dict[str, Any]) -> Entry:
    values: dict[str, Sequence[bytes]] = {
        name.lower(): list(of) for name, of in row["raw_attributes"].items()
    }
    return Entry(str(row["dn"]), values)


def _connected(access: Access) -> Connection:
    parts, host, port = split_server(access.server) or (None, "", None)
    if parts is None or port is None:
        raise Failed(Trouble.UNREACHABLE)
    context = _context() if parts.scheme == "ldaps" else None
    _knock(host, port, context)
    server = Server(
        host,
        port=port,
        use_ssl=context is not None,
        get_info=NONE,
        connect_timeout=CONNECT_S,
        tls=_Trusting(context, host) if context else None,
    )
    link = Connection(
        server,
        user=access.bind_dn or None,
        password=access.password or None,
        authentication=SIMPLE if access.bind_dn else ANONYMOUS,
        auto_referrals=False,
        check_names=False,
        read_only=True,
        receive_timeout=ANSWER_S,
    )
    with _translated():
        link.open()
        if not link.bind():
            result = link.result
            link.unbind()
            trouble = _BIND.get(result["result"], Trouble.ANSWER)
            raise Failed(trouble, str(result["description"]))
    return link


def _context() -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.LDAP_CA_FILE or None)
    except OSError as error:  # also what the file is no certificate of
        raise Failed(Trouble.TLS, f"LDAP_CA_FILE: {type(error).__name__}") from None


def _knock(host: str, port: int, context: ssl.SSLContext | None) -> None:
    """What ldap3 makes one kind of error of is told apart before: name, way, port, certificate."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S) as plain:
            if context:
                with context.wrap_socket(plain, server_hostname=host):
                    pass
    except socket.gaierror:
        raise Failed(Trouble.UNKNOWN_HOST) from None
    except ConnectionRefusedError:
        raise Failed(Trouble.REFUSED) from None
    except TimeoutError:
        raise Failed(Trouble.TIMEOUT) from None
    except ssl.SSLCertVerificationError as error:
        raise Failed(Trouble.TLS, error.verify_message) from None
    except (ssl.SSLError, ConnectionError):
        raise Failed(Trouble.TLS if context else Trouble.UNREACHABLE) from None
    except (OSError, UnicodeError):
        raise Failed(Trouble.UNREACHABLE) from None


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except LDAPInvalidFilterError:
        raise Failed(Trouble.FILTER) from None
    except (LDAPException, OSError) as error:
        timed_out = "timed out" in str(error)
        raise Failed(Trouble.TIMEOUT if timed_out else Trouble.BROKEN_OFF) from None
